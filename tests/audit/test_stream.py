"""The stream for log shippers: in order, at least once, whatever happens to the file or the worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit import stream
from audit.models import AuditStreamer, AuditStreamPlace
from audit.proof.sealed_event import SealedEvent
from audit.stream import HELD_FOR, stream_events
from tests.audit.proof import log
from tests.conftest import ROOT, at_once


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.AUDIT_STREAM = str(tmp_path / "audit.ndjson")
    return tmp_path / "audit.ndjson"


def run(later: timedelta = timedelta()) -> int:
    return stream_events(now=timezone.now() + later)


def places(file: Path, slug: str = "acme") -> list[int]:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line["seal"]["sequence"] for line in lines if line["organization"]["slug"] == slug]


@pytest.mark.django_db
def test_every_chain_is_written_in_its_order_once_and_verifies(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "PAGE", 4)
    log.write(9)
    log.write(3, organization=log.GLOBEX)
    log.seal()
    assert run() == 12
    log.write(2)
    assert run() == 0  # not sealed yet
    log.seal()
    assert run() == 2
    assert places(file) == list(range(1, 12))
    assert places(file, "globex") == [1, 2, 3]
    assert all(SealedEvent.of(json.loads(line)).is_intact for line in file.read_text().splitlines())
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_a_file_that_is_renamed_is_begun_anew(file: Path) -> None:
    log.write(2)
    log.seal()
    run()
    file.rename(file.with_suffix(".1"))
    log.write(1)
    log.seal()
    run()
    assert (places(file.with_suffix(".1")), places(file)) == ([1, 2], [3])


@pytest.mark.django_db
def test_a_line_that_a_crash_broke_off_stays_alone(file: Path) -> None:
    log.write(2)
    log.seal()
    run()
    file.write_text(file.read_text()[:-40])
    AuditStreamPlace.objects.update(sequence=1)  # as when it died before it could keep the place
    run()
    whole = [line for line in file.read_text().splitlines() if line.endswith("}")]
    assert [json.loads(line)["seal"]["sequence"] for line in whole] == [1, 2]


@pytest.mark.django_db
def test_a_place_that_cannot_be_written_loses_nothing(file: Path, settings: Any) -> None:
    log.write(1)
    log.seal()
    settings.AUDIT_STREAM = str(file.parent / "missing" / "audit.ndjson")
    with pytest.raises(OSError, match="missing"):
        run()
    settings.AUDIT_STREAM = str(file)
    assert run() == 1


@pytest.mark.django_db
def test_off_by_default_and_one_worker_at_a_time(file: Path, settings: Any) -> None:
    log.write(1)
    log.seal()
    settings.AUDIT_STREAM = ""
    assert run() == 0
    settings.AUDIT_STREAM = str(file)
    AuditStreamer.objects.create(claimed_until=timezone.now() + HELD_FOR)
    assert run() == 0
    assert run(HELD_FOR + timedelta(seconds=1)) == 1  # whoever held it is dead


def test_two_workers_write_each_event_once(shared_database: str, file: Path) -> None:
    log.write(50)
    log.seal()
    written = at_once(4, lambda _: run())
    assert sum(written) + run() == 50
    assert places(file) == list(range(1, 51))


def test_standard_output_gets_lines_and_nothing_else(shared_database: str) -> None:
    log.write(3)
    log.seal()
    script = (
        "import django; django.setup()\n"
        "from django.utils import timezone\n"
        "from audit.stream import stream_events\n"
        "stream_events(now=timezone.now())\n"
    )
    environment = {
        "DATABASE_URL": shared_database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "AUDIT_STREAM": "stdout",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert [json.loads(line)["seal"]["sequence"] for line in done.stdout.splitlines()] == [1, 2, 3]

"""One line of an export changed: found, and named, by the command and by the single file an outsider runs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.util import module_from_spec, spec_from_file_location
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.models import AuditCheckpoint, AuditEvent
from audit.proof.findings import Kind
from oidc_issuer import checkpoints
from tests.audit.proof import log

SINGLE_FILE = Path(__file__).resolve().parents[3] / "deploy" / "verify_audit_export.py"
Lines = list[dict[str, Any]]


@pytest.fixture
def lines(db: None) -> Lines:
    """Six events and their checkpoint, six more and theirs."""
    now = timezone.now()
    for end in (now - timedelta(hours=2), now):
        log.write(6, at=end)
        log.sign(at=end)
    return log.export()


@pytest.fixture
def verify(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Run the single file as a stranger would: nothing of ours is on its path."""
    (tmp_path / "keys.json").write_text(json.dumps(checkpoints.public_keys()))

    def run(*arguments: str, lines: Lines | None = None) -> tuple[int, str]:
        if lines is not None:
            (tmp_path / "export.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
            arguments = ("export.ndjson", *arguments)
        command = [sys.executable, "-I", str(SINGLE_FILE), "--keys", "keys.json", *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def edit(lines: Lines) -> None:
    lines[3]["reason"] = "x"


def delete(lines: Lines) -> None:
    del lines[3]


def insert(lines: Lines) -> None:
    lines.insert(4, lines[3] | {"uuid": "0199aaaa-0000-7000-8000-000000000099"})


def insert_unsealed(lines: Lines) -> None:
    lines.insert(4, {name: value for name, value in lines[3].items() if name != "seal"})


def reorder(lines: Lines) -> None:
    lines[3], lines[4] = lines[4], lines[3]


def reorder_across_a_checkpoint(lines: Lines) -> None:
    lines[5], lines[7] = lines[7], lines[5]


def back_date(lines: Lines) -> None:
    lines[3]["occurred_at"] = "2020-01-01T00:00:00.000Z"


def drop_a_checkpoint(lines: Lines) -> None:
    del lines[6]


def forge_a_checkpoint(lines: Lines) -> None:
    lines[6]["checkpoint"] = lines[6]["checkpoint"][:-6] + "AAAAAA"


def sign_with_another_key(lines: Lines) -> None:
    head, _, rest = lines[6]["checkpoint"].partition(".")
    del head
    lines[6]["checkpoint"] = "eyJhbGciOiJFUzI1NiIsImtpZCI6IngiLCJ0eXAiOiJhdWRpdC1jaGVja3BvaW50K2p3cyJ9." + rest


def move_to_another_organization(lines: Lines) -> None:
    lines[3]["organization"]["uuid"] = str(log.GLOBEX.uuid)


def spoil_a_seal(lines: Lines) -> None:
    lines[3]["seal"]["sequence"] = "four"


def add_something_else(lines: Lines) -> None:
    lines.insert(3, {"hello": 1, "organization": "x"})


TAMPERINGS: dict[Callable[[Lines], None], tuple[Kind, int | None]] = {
    edit: (Kind.EDITED, 4),
    delete: (Kind.GAP, 4),
    insert: (Kind.INSERTED, 4),
    insert_unsealed: (Kind.INSERTED, None),
    reorder: (Kind.REORDERED, 4),
    reorder_across_a_checkpoint: (Kind.REORDERED, 6),
    back_date: (Kind.BACK_DATED, 4),
    drop_a_checkpoint: (Kind.MISSING_CHECKPOINT, 7),
    forge_a_checkpoint: (Kind.BAD_SIGNATURE, 6),
    sign_with_another_key: (Kind.UNKNOWN_KEY, 6),
    move_to_another_organization: (Kind.EDITED, 4),
    spoil_a_seal: (Kind.EDITED, None),
    add_something_else: (Kind.INSERTED, None),
}


def test_what_was_exported_verifies(lines: Lines, verify: Callable[..., tuple[int, str]]) -> None:
    assert log.verify_export(lines) == []
    status, said = verify(lines=lines)
    assert (status, said.splitlines()[-1]) == (0, "no findings")
    assert "12 events, 1 to 12, signed up to 12" in said


@pytest.mark.parametrize("tamper", TAMPERINGS, ids=lambda tamper: tamper.__name__)
def test_a_changed_line(lines: Lines, verify: Callable[..., tuple[int, str]], tamper: Callable[[Lines], None]) -> None:
    tamper(lines)
    findings = log.verify_export(lines)
    assert TAMPERINGS[tamper] in [(finding.kind, finding.sequence) for finding in findings]
    status, said = verify(lines=lines)
    assert status == 1
    assert said.splitlines()[: len(findings)] == [str(finding) for finding in findings]


def test_simple_changes_are_named_once_and_nothing_else_is(lines: Lines) -> None:
    for tamper in (edit, delete, insert, reorder, back_date, move_to_another_organization):
        changed = json.loads(json.dumps(lines))
        tamper(changed)
        sequences = {finding.sequence for finding in log.verify_export(changed)}
        assert sequences == {4}, tamper.__name__


def test_the_address_of_a_page_may_change(lines: Lines) -> None:
    assert log.verify_export([line | ({"url": "https://x"} if "uuid" in line else {}) for line in lines]) == []


def test_an_export_may_begin_behind_any_checkpoint(lines: Lines) -> None:
    part = log.export(first=8)
    assert part == lines[6:]
    assert log.verify_export(part) == []
    assert [finding.kind for finding in log.verify_export(part[1:])] == [Kind.GAP]


def test_the_export_of_a_search_is_told_to_leave_events_out(lines: Lines) -> None:
    part = [line for number, line in enumerate(lines) if number not in (1, 4, 5, 9)]
    assert {finding.kind for finding in log.verify_export(part)} == {Kind.GAP}
    assert log.verify_export(part, partial=True) == []
    part[0]["reason"] = "x"
    assert [finding.kind for finding in log.verify_export(part, partial=True)] == [Kind.EDITED]


def test_events_behind_the_last_checkpoint_are_said_to_be_unsigned(
    lines: Lines, verify: Callable[..., tuple[int, str]]
) -> None:
    status, said = verify(lines=lines[:-1])
    assert status == 0
    assert "the last 6 carry no signature yet" in said


def test_a_checkpoint_kept_elsewhere_shows_that_the_end_is_gone(
    lines: Lines, verify: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "kept.jws").write_text(AuditCheckpoint.objects.get(chain=log.ACME.uuid, last_sequence=12).jws)
    assert verify("--checkpoint", "kept.jws", lines=lines)[0] == 0
    status, said = verify("--checkpoint", "kept.jws", lines=lines[:7])
    assert status == 1
    assert "TRUNCATED" in said


def test_the_command_verifies_a_file_as_well(lines: Lines, tmp_path: Path) -> None:
    file = tmp_path / "export.ndjson"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    out = StringIO()
    call_command("verify_audit_log", export=str(file), stdout=out)
    assert "no findings" in out.getvalue()
    file.write_text(file.read_text().replace("Acme", "Acne", 1))
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_audit_log", export=str(file), stdout=out)
    assert f"EDITED in organization {log.ACME.uuid} at 1, event {lines[0]['uuid']}" in out.getvalue()


def test_the_command_exports_what_verifies_and_says_so_in_the_log(lines: Lines) -> None:
    out = StringIO()
    call_command("export_audit_log", "acme", stdout=out)
    assert [json.loads(line) for line in out.getvalue().splitlines()] == lines
    assert AuditEvent.objects.get(type="AUDIT_LOG_EXPORTED").data["count"] == 12
    call_command("verify_audit_log", organization="acme", stdout=out)
    with pytest.raises(CommandError, match="No event of an organization nobody"):
        call_command("export_audit_log", "nobody")


def test_the_single_file_is_made_of_the_modules() -> None:
    spec = spec_from_file_location("bundle_verifier", SINGLE_FILE.with_name("bundle_verifier.py"))
    assert spec is not None
    assert spec.loader is not None
    bundler = module_from_spec(spec)
    spec.loader.exec_module(bundler)
    assert SINGLE_FILE.read_text() == bundler.bundle(), "run: python deploy/bundle_verifier.py"

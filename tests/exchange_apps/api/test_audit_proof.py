"""What the API hands out proves itself to somebody who has nothing of ours but one file and the published keys."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.actions import AuditAction
from audit.export_line import COLUMNS, event_document
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from audit.proof.hash_chain import event_bytes
from audit.proof.inclusion import refused_proof
from audit.recorder import record_event
from exchange_apps.models import Organization, User
from oidc_issuer import checkpoints
from tests.audit.proof import log
from tests.audit.proof.test_tampered_export import SINGLE_FILE
from tests.exchange_apps.api.conftest import EVENTS, Call

AWKWARD: dict[str, Any] = {
    "numbers": [0.1, -1e-7, 1.0, 1e22, 5e-324, 2**53 + 1, 10**30, -0.0, 0],
    "Ünï": 'é \u2028 💥 \u007f \t" \\ /',
    "nested": {"b": [], "a": {}, "": None},
}


@pytest.fixture
def token(carol: User, token_for: Any) -> str:
    made: str = token_for(carol.email)
    return made


def record_awkward(acme: Organization) -> AuditEvent:
    return record_event(
        AuditAction.ORGANIZATION_UPDATED,
        occurred_at=timezone.now(),
        organization=acme.ref(),
        actor=SYSTEM,
        origin=RequestOrigin.command("test"),
        data=AWKWARD,
    )


def verified(tmp_path: Path, export: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "export.ndjson").write_bytes(export)
    return run_single_file(tmp_path, "export.ndjson", *options)


def run_single_file(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "keys.json").write_text(json.dumps(checkpoints.public_keys()))
    command = [sys.executable, "-I", str(SINGLE_FILE), *arguments, "--keys", "keys.json"]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)


def test_an_export_of_the_whole_log_proves_itself(acme: Organization, token: str, call: Call, tmp_path: Path) -> None:
    record_awkward(acme)
    log.sign()
    newest = record_awkward(acme)
    export = b"".join(call(f"{EVENTS}.ndjson", token).streaming_content)
    lines = [json.loads(line) for line in export.splitlines()]
    assert sum("checkpoint" in line for line in lines) == 1
    assert "seal" not in lines[-1]
    assert lines[-1]["uuid"] == str(newest.pk)
    done = verified(tmp_path, export)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "no findings"), done.stdout
    gap = b"".join(export.splitlines(keepends=True)[1:])
    assert verified(tmp_path, gap).returncode == 1


def test_an_export_of_a_search_is_compared_with_its_seals(
    acme: Organization, token: str, call: Call, tmp_path: Path
) -> None:
    record_awkward(acme)
    log.sign()
    export = b"".join(call(f"{EVENTS}.ndjson?query=type:ORGANIZATION_UPDATED", token).streaming_content)
    assert b'"seal"' in export
    assert verified(tmp_path, export, "--partial").returncode == 0
    assert verified(tmp_path, export.replace(b"nested", b"Nested"), "--partial").returncode == 1


def test_the_text_of_data_is_what_was_sealed_to_the_last_digit(acme: Organization, token: str, call: Call) -> None:
    event = record_awkward(acme)
    row = AuditEvent.objects.filter(pk=event.pk).values_list(*COLUMNS).get()
    (line,) = b"".join(call(f"{EVENTS}.ndjson?query=type:ORGANIZATION_UPDATED", token).streaming_content).splitlines()
    assert event_bytes(json.loads(line)) == event_bytes(event_document(*row))


def test_one_event_is_proven_to_whoever_may_read_it(
    acme: Organization, globex: Organization, token: str, call: Call, tmp_path: Path
) -> None:
    event = record_awkward(acme)
    refused = call(f"{EVENTS}/{event.pk}/proof", token)
    assert (refused.status_code, refused.json()["message"]) == (
        409,
        "The event is not sealed yet: try again in a minute.",
    )
    others = log.write(organization=globex.ref())[0]
    log.sign()
    answer = call(f"{EVENTS}/{event.pk}/proof", token)
    assert answer["Content-Disposition"] == f'attachment; filename="proof-{event.pk}.json"'
    assert refused_proof(json.loads(answer.content), log.keys()) is None
    (tmp_path / "proof.json").write_bytes(answer.content)
    (tmp_path / "forged.json").write_bytes(answer.content.replace(b"nested", b"Nested"))
    assert run_single_file(tmp_path, "--proof", "proof.json").returncode == 0
    assert run_single_file(tmp_path, "--proof", "forged.json").returncode == 1
    for unknown in (others, uuid.uuid4()):
        assert call(f"{EVENTS}/{unknown}/proof", token).status_code == 404

"""One event is provable to somebody who sees nothing else of the log."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from audit.proof.inclusion import refused_proof
from audit.proof.proofs import NoProof, prove_event
from oidc_issuer import checkpoints
from tests.audit.proof import log
from tests.audit.proof.test_tampered_export import SINGLE_FILE

pytestmark = pytest.mark.django_db

Proof = dict[str, Any]


def test_every_event_of_spans_of_any_size_is_provable() -> None:
    for size in (1, 2, 3, 7):
        events = log.write(size)
        log.sign()
        for event in events:
            proof = json.loads(json.dumps(prove_event(event)))
            assert proof["inclusion"]["tree_size"] == size
            assert refused_proof(proof, log.keys()) is None


def test_there_is_no_proof_before_the_signature() -> None:
    (event,) = log.write()
    with pytest.raises(NoProof, match="not sealed yet"):
        prove_event(event)
    log.seal()
    with pytest.raises(NoProof, match="not signed yet"):
        prove_event(event)
    with pytest.raises(NoProof, match="no such event"):
        prove_event(uuid.uuid4())


CHANGES: dict[str, tuple[Callable[[Proof], object], str]] = {
    "the event": (lambda proof: proof["event"].update(reason="x"), "not what was sealed"),
    "its organization": (lambda proof: proof["event"].update(organization=None), "not what was sealed"),
    "its number": (lambda proof: proof["event"]["seal"].update(sequence=3), "not what was sealed"),
    "its seal": (lambda proof: proof["event"].pop("seal"), "this is no proof"),
    "its place": (lambda proof: proof["inclusion"].update(leaf_index=2), "not where the path says"),
    "the size": (lambda proof: proof["inclusion"].update(tree_size=8), "not where the path says"),
    "the path": (lambda proof: proof["inclusion"]["path"].reverse(), "does not lead to what was signed"),
    "the end of the path": (lambda proof: proof["inclusion"]["path"].pop(), "does not lead to what was signed"),
    "the signature": (lambda proof: proof.update(checkpoint=proof["checkpoint"][:-6] + "AAAAAA"), "does not hold"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_proof_proves_nothing(change: str) -> None:
    events = log.write(7)
    log.sign()
    proof = prove_event(events[3])
    changed, said = CHANGES[change]
    changed(proof)
    refused = refused_proof(proof, log.keys())
    assert refused is not None
    assert said in refused


def test_the_checkpoint_of_another_organization_proves_nothing() -> None:
    events = log.write(3)
    others = log.write(3, organization=log.GLOBEX)
    log.sign()
    proof = prove_event(events[1]) | {"checkpoint": prove_event(others[1])["checkpoint"]}
    assert refused_proof(proof, log.keys()) == "the checkpoint is another chain's"


def test_the_command_prints_what_the_single_file_reads(tmp_path: Path) -> None:
    events = log.write(5)
    out = StringIO()
    with pytest.raises(CommandError, match="not sealed yet"):
        call_command("prove_audit_event", str(events[2]))
    log.sign()
    call_command("prove_audit_event", str(events[2]), stdout=out)
    (tmp_path / "proof.json").write_text(out.getvalue())
    (tmp_path / "keys.json").write_text(json.dumps(checkpoints.public_keys()))
    command = [sys.executable, "-I", str(SINGLE_FILE), "--proof", "proof.json", "--keys", "keys.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == f"the event {events[2]} is in the log\n"

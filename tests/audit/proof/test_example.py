"""The example in the docs: whoever follows it comes out where the page says. It also keeps the format from changing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from audit.proof.checkpoint_jws import CheckpointKeys
from audit.proof.hash_chain import event_bytes
from audit.proof.inclusion import refused_proof
from audit.proof.log_verifier import LogVerifier
from audit.proof.standalone import verify_lines

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs" / "examples"
KEYS = CheckpointKeys(json.loads((EXAMPLES / "audit-checkpoint-keys.json").read_text()))
PAGE = (ROOT / "docs" / "audit-log.md").read_text()


def test_the_example_verifies() -> None:
    verifier = LogVerifier(KEYS)
    assert list(verify_lines(verifier, (EXAMPLES / "audit-export.ndjson").read_text().splitlines())) == []
    assert refused_proof(json.loads((EXAMPLES / "audit-proof.json").read_text()), KEYS) is None
    assert "\n".join(verifier.summary()) in PAGE


def test_the_page_shows_the_bytes_that_are_hashed() -> None:
    shown = PAGE.split("<!-- canonical -->\n```json\n", 1)[1].split("\n```", 1)[0]
    third = json.loads((EXAMPLES / "audit-export.ndjson").read_text().splitlines()[2])
    assert event_bytes(third).decode() == shown
    assert f"\n{third['seal']['hash']}\n" in PAGE
    assert f"02{third['seal']['previous']}0000000000000003" in PAGE


def test_the_command_of_the_page_says_what_the_page_says() -> None:
    command = [sys.executable, "-I", "deploy/verify_audit_export.py", "docs/examples/audit-export.ndjson"]
    command += ["--keys", "docs/examples/audit-checkpoint-keys.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout in PAGE

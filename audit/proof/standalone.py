"""The command of the single-file verifier."""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from audit.proof.checkpoint_jws import BadSignature, CheckpointKeys, UnknownKey
from audit.proof.findings import Finding, Kind
from audit.proof.inclusion import refused_proof
from audit.proof.log_verifier import LogVerifier


def verify_lines(verifier: LogVerifier, lines: Iterable[str | bytes]) -> Iterator[Finding]:
    """Feed the verifier an NDJSON export, one line at a time."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except ValueError:
            line = None
        if isinstance(line, dict):
            yield from verifier.line(line)
        else:
            yield Finding(Kind.EDITED, "the file", f"line {number} is no JSON object")
    yield from verifier.end()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an export of the audit log, or the proof of one event.")
    parser.add_argument("export", nargs="?", help="the NDJSON file; - for standard input")
    parser.add_argument("--keys", required=True, help="the published checkpoint keys (JWKS): a file, or an address")
    parser.add_argument("--proof", help="instead of an export: the proof of one event, a JSON file")
    parser.add_argument("--checkpoint", help="a checkpoint kept elsewhere, which the export must contain: a file")
    parser.add_argument("--partial", action="store_true", help="the export of a search: events in between are left out")
    given = parser.parse_args(arguments)
    if bool(given.export) == bool(given.proof):
        parser.error("name an export or, with --proof, the proof of one event")
    keys = CheckpointKeys(_jwks(given.keys))
    if given.proof:
        return _answer_proof(json.loads(Path(given.proof).read_text()), keys)
    verifier = LogVerifier(keys, partial=given.partial)
    if given.checkpoint:
        try:
            verifier.keep_to(checkpoint_in(Path(given.checkpoint).read_text()))
        except (BadSignature, UnknownKey) as error:
            parser.error(f"the kept checkpoint: {error}")
    found = 0
    with sys.stdin.buffer if given.export == "-" else open(given.export, "rb") as lines:
        for finding in verify_lines(verifier, lines):
            found += 1
            sys.stdout.write(f"{finding}\n")
    for line in verifier.summary():
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(f"{found} findings\n" if found else "no findings\n")
    return 1 if found else 0


def checkpoint_in(text: str) -> str:
    """The compact JWS of a file that holds it alone, or as a line of an export."""
    text = text.strip()
    return str(json.loads(text)["checkpoint"]) if text.startswith("{") else text


def _answer_proof(proof: Any, keys: CheckpointKeys) -> int:
    refused = refused_proof(proof, keys)
    sys.stdout.write(f"{refused}\n" if refused else f"the event {proof['event']['uuid']} is in the log\n")
    return 1 if refused else 0


def _jwks(place: str) -> dict[str, Any]:
    if place.startswith(("https://", "http://")):  # only because somebody wrote it there
        with urllib.request.urlopen(place, timeout=10) as answer:  # noqa: S310
            return dict(json.load(answer))
    return dict(json.loads(Path(place).read_text()))

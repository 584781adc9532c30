"""Verifying a log, line by line: events and checkpoints of any number of chains, in the order of each chain."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from audit.proof.chain_verifier import ChainVerifier
from audit.proof.checkpoint_jws import CheckpointKeys, unverified_payload
from audit.proof.findings import Finding, Kind
from audit.proof.hash_chain import INSTALLATION, chain_of
from audit.proof.sealed_event import Moment

UNSEALED_AFTER = timedelta(minutes=5)
_UNSEALED_KEPT = 1000


class LogVerifier:
    """`now` is given for a database, whose newest events must be sealed and signed by then; an export has its age.

    `partial`: an export of a search leaves events out; gaps are no findings then, and nothing is proven but that each
    line fits its own seal.
    """

    def __init__(self, keys: CheckpointKeys, *, now: datetime | None = None, partial: bool = False) -> None:
        self.chains: dict[uuid.UUID, ChainVerifier] = {}
        self.unsealed = 0
        self._keys, self._now, self._partial = keys, now, partial
        self._waiting: list[tuple[uuid.UUID, str, str]] = []  # events without a seal: chain, UUID, time

    def chain(self, chain: uuid.UUID) -> ChainVerifier:
        if chain not in self.chains:
            self.chains[chain] = ChainVerifier(chain, self._keys, from_the_start=self._now is not None)
        return self.chains[chain]

    def keep_to(self, jws: str) -> None:
        """Compare with a checkpoint that was kept elsewhere; raises BadSignature or UnknownKey for a false one."""
        payload = self._keys.open(jws)
        chain = uuid.UUID(payload["organization"]) if payload["organization"] else INSTALLATION
        self.chain(chain).kept_heads[payload["to"]] = payload["head"]

    def line(self, line: Mapping[str, Any]) -> Iterator[Finding]:
        for finding in self._line(line):
            if not (self._partial and finding.kind in (Kind.GAP, Kind.MISSING_CHECKPOINT)):
                yield finding

    def _line(self, line: Mapping[str, Any]) -> Iterator[Finding]:
        if line.keys() == {"export"}:  # what was asked for; says nothing about the log
            return
        try:
            if "checkpoint" in line:
                payload = unverified_payload(line["checkpoint"]) or {}
                organization = payload.get("organization")
                chain = uuid.UUID(organization) if organization else INSTALLATION
            else:
                chain = chain_of(line)
        except (ValueError, TypeError, KeyError, AttributeError):
            yield Finding(Kind.INSERTED, "the file", f"neither an event nor a checkpoint: {str(line)[:80]}")
            return
        if "checkpoint" in line:
            yield from self.chain(chain).checkpoint(line["checkpoint"])
        elif line.get("seal"):
            yield from self.chain(chain).event(line)
        else:
            yield from self._event_without_seal(chain, line)

    def _event_without_seal(self, chain: uuid.UUID, line: Mapping[str, Any]) -> Iterator[Finding]:
        self.unsealed += 1
        if line.get("type") == "AUDIT_LOG_PRUNED":
            verifier = self.chain(chain)
            verifier.prune_recorded_to = max(verifier.prune_recorded_to, int(line["data"]["last_sequence"]))
        self._waiting.append((chain, str(line.get("uuid")), str(line.get("occurred_at"))))
        if len(self._waiting) > _UNSEALED_KEPT:
            yield from self._judge(*self._waiting.pop(0))

    def end(self) -> Iterator[Finding]:
        for event in self._waiting:
            yield from self._judge(*event)
        for verifier in self.chains.values():
            for finding in verifier.end():
                if not (self._partial and finding.kind is Kind.GAP):
                    yield finding
            if verifier.unsigned_since and self._is_late(verifier.unsigned_since):
                detail = f"events since {verifier.unsigned_since} are sealed and not signed"
                yield Finding(Kind.MISSING_CHECKPOINT, verifier.name, detail, verifier.signed_to + 1)

    def _judge(self, chain: uuid.UUID, event: str, occurred_at: str) -> Iterator[Finding]:
        verifier = self.chain(chain)
        if verifier.signed_at and occurred_at < Moment.before(verifier.signed_at, UNSEALED_AFTER).iso:
            detail = f"it has no seal, and the log was sealed long after its time, {occurred_at}"
            yield Finding(Kind.INSERTED, verifier.name, detail, event=event)
        elif self._is_late(occurred_at):
            detail = f"it has no seal since {occurred_at}: is the job audit.seal running?"
            yield Finding(Kind.UNSEALED, verifier.name, detail, event=event)

    def _is_late(self, iso: str) -> bool:
        return self._now is not None and iso < Moment.at(self._now - UNSEALED_AFTER).iso

    def summary(self) -> Iterator[str]:
        for verifier in self.chains.values():
            if not verifier.last:
                continue
            signed = f"signed up to {verifier.signed_to} ({verifier.signed_at})" if verifier.signed_at else "not signed"
            begin = max(verifier.first, verifier.pruned_to + 1)
            unsigned = verifier.last - verifier.signed_to
            tail = f"; the last {unsigned} carry no signature yet" if unsigned > 0 and verifier.signed_at else ""
            yield f"{verifier.name}: {verifier.events} events, {begin} to {verifier.last}, {signed}{tail}"
        if self.unsealed:
            yield f"{self.unsealed} events without a seal"

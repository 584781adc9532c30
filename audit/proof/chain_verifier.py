"""Verifying one chain: its lines in order, a finding for whatever does not follow from what came before.

Keeps the damage of one span at most, so a log of any length is verified in the same memory.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from audit.proof.checkpoint_jws import BadSignature, CheckpointKeys, UnknownKey, checkpoint_digest, unverified_payload
from audit.proof.findings import Finding, Kind
from audit.proof.hash_chain import genesis
from audit.proof.merkle import MerkleRoot
from audit.proof.sealed_event import TOLERANCE, Moment, SealedEvent

_COMPARED = 100  # damaged events of a span, and gaps of a chain, that are kept to be explained by what follows


class ChainVerifier:
    """`from_the_start`: the first event must be number 1, as in a database; an export may begin behind a checkpoint."""

    def __init__(self, chain: uuid.UUID, keys: CheckpointKeys, *, from_the_start: bool = False) -> None:
        self.name = f"organization {chain}" if chain.int else "installation"
        self.events, self.first, self.signed_to, self.signed_at = 0, 1, 0, ""
        self.pruned_to = self.prune_recorded_to = 0
        self.unsigned_since = ""
        self.kept_heads: dict[int, str] = {}  # what checkpoints kept elsewhere say: number → hash of that event
        self._chain, self._keys, self._begun = chain, keys, from_the_start
        self._next, self._head = 1, genesis(chain)  # the next event's number, and the hash it must continue
        self._before: SealedEvent | None = None
        self._checkpoint: str | None = None  # digest of the last one
        self._knows_checkpoint = True
        self._back_dated_before: Moment | None = None
        self._span, self._span_is_whole = MerkleRoot(), True
        self._damaged: list[SealedEvent] = []
        self._missing: list[range] = []

    @property
    def last(self) -> int:
        return self._next - 1

    def event(self, line: Mapping[str, Any]) -> Iterator[Finding]:
        try:
            event = SealedEvent.of(line)
        except (ValueError, KeyError, TypeError):
            self._span_is_whole = False
            yield self._finding(Kind.EDITED, "its seal is no seal", event=str(line.get("uuid")))
            return
        if line["type"] == "AUDIT_LOG_PRUNED":
            self.prune_recorded_to = max(self.prune_recorded_to, int(line["data"]["last_sequence"]))
        self.events += 1
        yield from self._begin_at(event.sequence, event.previous)
        if event.sequence < self._next:
            yield self._out_of_place(event)
            return
        if event.sequence > self._next:
            yield from self._skip_to(event.sequence)
        elif event.previous != self._head and event.is_intact and (self._before is None or self._before.is_intact):
            yield self._replaced(event)
        if not event.is_intact:
            yield from self._damage(event)
        elif self._back_dated_before and event.is_older_than(self._back_dated_before):
            detail = f"it is of {event.occurred_at}, but was sealed after the checkpoint of {self.signed_at}"
            yield self._finding(Kind.BACK_DATED, detail, event.sequence, event.id)
        self.unsigned_since = self.unsigned_since or event.occurred_at
        yield from self._continue(event.sequence, event.hash)
        self._before = event

    def event_gone(self, event: str, sequence: int, digest: bytes) -> Iterator[Finding]:
        """A seal without its event, as only a database has it."""
        if sequence > self._next:
            yield from self._skip_to(sequence)
        if sequence > self.pruned_to:
            yield self._finding(Kind.DELETED, "the event is gone, its seal is still there", sequence, event)
        yield from self._continue(sequence, digest)
        self._before = None

    def checkpoint(self, jws: str) -> Iterator[Finding]:
        is_signed, payload = True, unverified_payload(jws)
        try:
            payload = self._keys.open(jws)
        except (BadSignature, UnknownKey) as error:
            is_signed = False
            kind = Kind.UNKNOWN_KEY if isinstance(error, UnknownKey) else Kind.BAD_SIGNATURE
            yield self._finding(kind, f"checkpoint: {error}", payload["to"] if payload else None)
        if payload is None:
            self._knows_checkpoint = False
            return
        last, head = payload["to"], bytes.fromhex(payload["head"])
        if self._begun and is_signed:
            yield from self._check_span(payload)
        if not self._begun:
            self._begun, self.first, self._next, self._head = True, last + 1, last + 1, head
        elif self._next <= last and last <= self.pruned_to:
            self._next, self._head, self._before = last + 1, head, None
        elif self._next <= last:
            yield from self._skip_to(last + 1)
            self._head = head
        if is_signed and self.kept_heads.get(last) == payload["head"]:
            del self.kept_heads[last]
        yield from self._explain_damage()
        self._span, self._span_is_whole = MerkleRoot(), self._next == last + 1
        self._checkpoint, self._knows_checkpoint = checkpoint_digest(jws), True
        self.unsigned_since = ""
        if is_signed:
            self.signed_to, self.signed_at = last, payload["time"]
            self._back_dated_before = Moment.before(self.signed_at, TOLERANCE)

    def end(self) -> Iterator[Finding]:
        yield from self._explain_damage()
        for gap in self._missing:
            if gap.stop - 1 > self.pruned_to:  # else retention came by in the meantime
                yield self._gap(gap)
        for last in self.kept_heads:
            if last > self.last:
                detail = f"the kept checkpoint covers events up to {last}, but the log ends at {self.last}"
                yield self._finding(Kind.TRUNCATED, detail, last)
        if self.pruned_to > self.prune_recorded_to:
            detail = f"events up to {self.pruned_to} were removed, and no AUDIT_LOG_PRUNED event says so"
            yield self._finding(Kind.DELETED, detail, self.pruned_to)

    def _begin_at(self, sequence: int, previous: bytes) -> Iterator[Finding]:
        if not self._begun and sequence != 1:
            self.first, self._next, self._head = sequence, sequence, previous
            self.signed_to, self._knows_checkpoint, self._span_is_whole = sequence - 1, False, False
            yield self._finding(Kind.GAP, "it begins here, without the checkpoint before it", sequence)
        self._begun = True

    def _skip_to(self, sequence: int) -> Iterator[Finding]:
        """Numbers are missing; they may still come, out of their place."""
        gap = range(max(self._next, self.pruned_to + 1), sequence)
        self._next, self._before, self._span_is_whole = sequence, None, False
        if gap:
            self._missing.append(gap)
            if len(self._missing) > _COMPARED:
                yield self._gap(self._missing.pop(0))

    def _out_of_place(self, event: SealedEvent) -> Finding:
        for place, gap in enumerate(self._missing):
            if event.sequence in gap:
                rest = (range(gap.start, event.sequence), range(event.sequence + 1, gap.stop))
                self._missing[place : place + 1] = [part for part in rest if part]
                return self._finding(Kind.REORDERED, f"it stands behind {self.last}", event.sequence, event.id)
        for forged in self._damaged:
            if forged.sequence == event.sequence and event.is_intact:
                self._damaged.remove(forged)
                event = forged
        return self._finding(Kind.INSERTED, "its number belongs to another event", event.sequence, event.id)

    def _replaced(self, event: SealedEvent) -> Finding:
        """An intact event that does not continue the one before it: somebody hashed that one anew, or took it away."""
        self._span_is_whole = False
        if self._before is None:
            return self._finding(Kind.EDITED, "it does not continue the chain", event.sequence, event.id)
        detail = f"it was replaced and hashed anew: {event.sequence} continues another event"
        return self._finding(Kind.EDITED, detail, self._before.sequence, self._before.id)

    def _damage(self, event: SealedEvent) -> Iterator[Finding]:
        self._span_is_whole = False
        self._damaged.append(event)
        if len(self._damaged) > _COMPARED:
            yield from self._explain_damage()

    def _explain_damage(self) -> Iterator[Finding]:
        for event in self._damaged:
            place = next((o.sequence for o in self._damaged if o is not event and event.would_be(o)), None)
            if place is not None:
                yield self._finding(Kind.REORDERED, f"it was sealed as {place}", event.sequence, event.id)
            elif event.contradicts_its_identifier():
                detail = f"it says {event.occurred_at}, which is neither what was sealed nor when it was made"
                yield self._finding(Kind.BACK_DATED, detail, event.sequence, event.id)
            else:
                yield self._finding(Kind.EDITED, "it is not what was sealed", event.sequence, event.id)
        self._damaged = []

    def _continue(self, sequence: int, digest: bytes) -> Iterator[Finding]:
        self._next, self._head = sequence + 1, digest
        self._span.add(digest)
        kept = self.kept_heads.pop(sequence, None)
        if kept is not None and kept != digest.hex():
            yield self._finding(Kind.EDITED, "the log up to here is not the one of the kept checkpoint", sequence)

    def _check_span(self, payload: Mapping[str, Any]) -> Iterator[Finding]:
        first, last = payload["from"], payload["to"]
        chain = payload["organization"]
        if uuid.UUID(chain) != self._chain if chain else self._chain.int:
            yield self._finding(Kind.BAD_SIGNATURE, "checkpoint: it is another chain's", last)
        follows = payload["previous"] == self._checkpoint and first == self.signed_to + 1
        if self._knows_checkpoint and not follows:
            yield self._finding(Kind.MISSING_CHECKPOINT, f"none leads to the one of {first} to {last}", first)
            self._span_is_whole = self._span_is_whole and first == self.signed_to + 1
        if self.last > last:
            self._span_is_whole = False
            detail = f"the checkpoint of {first} to {last} stands behind {self.last}"
            yield self._finding(Kind.REORDERED, detail, last)
        is_signed_span = self._span.digest().hex() == payload["root"] and self._head.hex() == payload["head"]
        if self._span_is_whole and self.last == last and not is_signed_span:
            yield self._finding(Kind.EDITED, f"events {first} to {last} are not those that were signed", last)

    def _gap(self, gap: range) -> Finding:
        many = f"{gap.start} to {gap.stop - 1} are" if len(gap) > 1 else f"{gap.start} is"
        return self._finding(Kind.GAP, f"{many} missing", gap.start)

    def _finding(self, kind: Kind, detail: str, sequence: int | None = None, event: str | None = None) -> Finding:
        return Finding(kind, self.name, detail, sequence, event)

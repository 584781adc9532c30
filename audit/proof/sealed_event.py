"""An exported line as the verifier sees it: what was sealed, the seal beside it, and its times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from audit.proof.hash_chain import event_bytes, link_hash

TOLERANCE = timedelta(minutes=15)
"""How long after it was made an event may be sealed before it counts as back-dated."""


@dataclass(frozen=True, slots=True)
class SealedEvent:
    id: str
    occurred_at: str
    body: bytes
    sequence: int
    previous: bytes
    hash: bytes
    is_intact: bool

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> SealedEvent:
        """Raises ValueError, KeyError or TypeError where the line has no well-formed seal."""
        seal = line["seal"]
        sequence, previous, digest = seal["sequence"], bytes.fromhex(seal["previous"]), bytes.fromhex(seal["hash"])
        if type(sequence) is not int or not 0 < sequence < 2**63:
            raise ValueError("the sequence is no positive number")
        body = event_bytes(line)
        is_intact = link_hash(previous, sequence, body) == digest
        return cls(str(line["uuid"]), str(line["occurred_at"]), body, sequence, previous, digest, is_intact)

    def would_be(self, other: SealedEvent) -> bool:
        """Whether this event was sealed at the other one's place: their contents, or their numbers, changed places."""
        at_its_place = link_hash(other.previous, other.sequence, self.body) == other.hash
        return at_its_place or link_hash(self.previous, other.sequence, self.body) == self.hash

    def is_older_than(self, moment: Moment) -> bool:
        """By either of its times: the one it states and the one in its UUIDv7."""
        return self.occurred_at < moment.iso or _uuid7_milliseconds(self.id) < moment.milliseconds

    def contradicts_its_identifier(self) -> bool:
        """It states a time long before its identifier was made."""
        made = datetime.fromtimestamp(_uuid7_milliseconds(self.id) / 1000, UTC)
        return self.occurred_at < Moment.at(made - TOLERANCE).iso


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in both forms that events have; their texts sort like the times."""

    milliseconds: int
    iso: str

    @classmethod
    def at(cls, moment: datetime) -> Moment:
        iso = moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        return cls(int(moment.timestamp() * 1000), iso)

    @classmethod
    def before(cls, iso: str, span: timedelta) -> Moment:
        return cls.at(datetime.fromisoformat(iso) - span)


def _uuid7_milliseconds(text: str) -> int:
    try:
        return int(text[:8] + text[9:13], 16)
    except ValueError:
        return 0

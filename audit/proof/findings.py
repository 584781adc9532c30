"""What a verification can find, each with the event it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    EDITED = "edited"
    DELETED = "deleted"
    INSERTED = "inserted"
    REORDERED = "reordered"
    BACK_DATED = "back-dated"
    GAP = "gap"
    BAD_SIGNATURE = "bad signature"
    UNKNOWN_KEY = "unknown key"
    MISSING_CHECKPOINT = "missing checkpoint"
    UNSEALED = "unsealed"
    TRUNCATED = "truncated"


@dataclass(frozen=True, slots=True)
class Finding:
    kind: Kind
    chain: str
    detail: str
    sequence: int | None = None
    event: str | None = None

    def __str__(self) -> str:
        place = f" at {self.sequence}" if self.sequence is not None else ""
        event = f", event {self.event}" if self.event else ""
        return f"{self.kind.value.upper()} in {self.chain}{place}{event}: {self.detail}"

"""What one exchange wants written, and what became of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Version = tuple[uuid.UUID, int]
"""A row's key, and its version when it was read."""


@dataclass(frozen=True, slots=True)
class MintIntent:
    """Everything one mint writes, and everything that must still be true when it is written.

    Each version that is there is compared with its row's. A limit of 0 is no limit. Times are in milliseconds since the
    epoch. `token` and `event` are rows as column → value.
    """

    now_ms: int
    application: Version | None
    provider: Version | None
    organization: Version
    membership: Version | None
    user: Version | None
    failure_key: str
    failure_limit: int
    budget_key: str
    budget_limit: int
    jti_digest: bytes | None
    jti_expires_ms: int
    token: dict[str, Any]
    event: dict[str, Any]


class MintOutcome(StrEnum):
    """In the order in which they are decided; only MINTED leaves more behind than a spent budget."""

    STALE = "stale"
    BLOCKED = "blocked"
    OVER_LIMIT = "over_limit"
    REPLAYED = "replayed"
    MINTED = "minted"


@dataclass(frozen=True, slots=True)
class MintResult:
    """`used` and `started_ms` describe the window that decided: the failures' when blocked, else the budget's."""

    outcome: MintOutcome
    used: int = 0
    started_ms: int = 0

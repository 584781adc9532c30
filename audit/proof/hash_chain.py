"""The hash chain of one organization: each event's hash covers the hash before it, its own number, and all it says."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from audit.proof.canonical_json import canonical_json

INSTALLATION = uuid.UUID(int=0)
"""The chain of events that belong to no organization."""

_LINK, _GENESIS = b"\x02", b"\x03"  # 0 and 1 are the Merkle tree's
_NOT_SEALED = frozenset(("seal", "url"))


def genesis(chain: uuid.UUID) -> bytes:
    """What stands before the first event: SHA-256(0x03 || UUID)."""
    return sha256(_GENESIS + chain.bytes).digest()


def event_bytes(document: Mapping[str, Any]) -> bytes:
    """What is sealed of an exported line: all of it but the seal and the address of its page."""
    return canonical_json({name: value for name, value in document.items() if name not in _NOT_SEALED})


def link_hash(previous: bytes, sequence: int, event: bytes) -> bytes:
    """SHA-256(0x02 || hash before || number as 8 bytes, most significant first || canonical event)."""
    return sha256(_LINK + previous + sequence.to_bytes(8, "big") + event).digest()


def chain_of(document: Mapping[str, Any]) -> uuid.UUID:
    """Which chain an exported event belongs to."""
    organization = document.get("organization")
    return uuid.UUID(organization["uuid"]) if organization and organization["uuid"] else INSTALLATION

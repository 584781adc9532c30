"""UUIDv7 (RFC 9562 section 5.7): identifiers that grow with time, so that rows and pages stay in order."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import datetime

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """48 bits of milliseconds, then a 12-bit fraction of a millisecond; strictly growing within a process."""
    global _last
    with _lock:
        nanoseconds = time.time_ns()
        milliseconds, rest = divmod(nanoseconds, 1_000_000)
        moment = (milliseconds << 12) | (rest * 4096 // 1_000_000)
        _last = moment = max(moment, _last + 1)
    milliseconds, fraction = moment >> 12, moment & 0xFFF
    random = int.from_bytes(os.urandom(8)) & 0x3FFFFFFFFFFFFFFF
    return uuid.UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0x2 << 62) | random)


def first_uuid7_at(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of a moment: identifiers below it are older, so rows of a span are found by their key."""
    return uuid.UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0x2 << 62))

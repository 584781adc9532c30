"""Refusals of strangers that wait in this process before they are counted in the database.

The first few of a second are written one by one; the rest of a flood together, once a second. So a flood costs a
handful of writes a second, however fast it comes. What waits is written with a later refusal of any kind.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

TallyKey = tuple[str, str]
"""The tally in the database, and the client id that was claimed."""

_AT_ONCE = 5
_SPAN_MS = 1_000
_MOST_KEYS = 10_000


@dataclass(slots=True)
class _Second:
    began_ms: int
    written: int = 0
    waiting: int = 0


class TallyBuffer:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[TallyKey, _Second] = {}

    def add(self, key: TallyKey, *, now_ms: int) -> int:
        """Count one refusal; answers how many to write for this key now, 0 while they wait."""
        with self._lock:
            second = self._seconds.get(key)
            if second is None or not second.began_ms <= now_ms < second.began_ms + _SPAN_MS:
                waiting = second.waiting if second else 0
                self._seconds[key] = _Second(now_ms, 1)
                return waiting + 1
            if second.written < _AT_ONCE:
                second.written += 1
                return 1
            second.waiting += 1
            return 0

    def take_overdue(self, *, now_ms: int) -> dict[TallyKey, int]:
        """What waited longer than a second, by key; it is the caller's to write now."""
        with self._lock:
            over = {key: kept for key, kept in self._seconds.items() if now_ms >= kept.began_ms + _SPAN_MS}
            if len(over) <= _MOST_KEYS and not any(kept.waiting for kept in over.values()):
                return {}
            for key in over:
                del self._seconds[key]
        return {key: kept.waiting for key, kept in over.items() if kept.waiting}

    def forget(self) -> None:
        """For tests: a new process has nothing that waits."""
        with self._lock:
            self._seconds.clear()

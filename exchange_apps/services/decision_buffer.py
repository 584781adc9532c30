"""Decisions that wait to be written, so that a busy provider's exchanges do not each pay for one more write.

The first decision of a second about a provider is the caller's to write at once, together with those of the second
before. In between they wait in this process, so many at most; what is beyond is dropped: they are a sample, not a log.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field

from exchange_apps.models import TrustDecision

_SPAN_MS = 1000
MOST_WAITING = 25
_MOST_PROVIDERS = 1000


@dataclass(slots=True)
class _Second:
    began_ms: int
    waiting: list[TrustDecision] = field(default_factory=list)


class DecisionBuffer:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[uuid.UUID, _Second] = {}

    def add(self, decision: TrustDecision, *, now_ms: int) -> list[TrustDecision]:
        """What is to be written now; empty while it waits."""
        with self._lock:
            second = self._seconds.get(decision.provider_id)
            if second is not None and second.began_ms <= now_ms < second.began_ms + _SPAN_MS:
                if len(second.waiting) < MOST_WAITING:
                    second.waiting.append(decision)
                return []
            if second is None and len(self._seconds) >= _MOST_PROVIDERS:
                self._seconds.clear()
            self._seconds[decision.provider_id] = _Second(now_ms)
            return [*(second.waiting if second else ()), decision]

    def take_all(self) -> list[TrustDecision]:
        """Everything that waits; it is the caller's to write now."""
        with self._lock:
            taken = [decision for second in self._seconds.values() for decision in second.waiting]
            self._seconds.clear()
        return taken

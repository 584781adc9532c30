"""What a run of the load generator found out."""

import json
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Load:
    """What one run did. Times in seconds, latencies in milliseconds."""

    seconds: float = 0.0
    answered: int = 0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int | str] = field(default_factory=Counter)
    bodies: list[bytes] = field(default_factory=list)
    first_failure: str = ""
    requests: int = 0

    @property
    def rate(self) -> float:
        """Return answered requests per second of the measured window."""
        return self.answered / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return the latency (ms) below which ``share`` (0 to 1) of the measured requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    @property
    def errors(self) -> int:
        """Return how many requests got anything but 200, warm-up included."""
        return sum(number for status, number in self.statuses.items() if status != 200)

    def tokens(self) -> list[str]:
        """Return the ``access_token`` of every 200, warm-up included."""
        return [json.loads(body[body.find(b"{") : body.rfind(b"}") + 1])["access_token"] for body in self.bodies]

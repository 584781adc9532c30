"""Who delivers to an endpoint: one worker at a time, by a claim that runs out should the worker die.

Whatever moves the place of delivery from elsewhere (a pause, a replay) takes the claim away. The worker's next write
then meets no row, and it stops.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from exchange_apps.models import WebhookProgress
from exchange_apps.services.writers_turn import unhurried_turn, writers_turn

HELD_FOR = timedelta(seconds=60)
"""Renewed with each event; much longer than a try may take."""
LET_GO: dict[str, Any] = {"claim": None, "claimed_until": None}


@dataclass(frozen=True, slots=True)
class Claim:
    endpoint_id: uuid.UUID
    began: datetime
    id: uuid.UUID = field(default_factory=uuid.uuid4)
    started: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> datetime:
        return self.began + timedelta(seconds=time.monotonic() - self.started)

    def take(self) -> bool:
        """One conditional UPDATE decides between all workers."""
        free = Q(claimed_until=None) | Q(claimed_until__lte=self.began)
        row = WebhookProgress.objects.filter(free, endpoint=self.endpoint_id, paused_at=None)
        with writers_turn():
            return row.update(claim=self.id, claimed_until=self.began + HELD_FOR) == 1

    def write(self, **changes: Any) -> bool:
        """Move on, and hold the claim for longer; False when it is no longer ours."""
        held = {"claimed_until": self.now + HELD_FOR, **changes}
        row = WebhookProgress.objects.filter(endpoint=self.endpoint_id, claim=self.id)
        return row.update(**held) == 1

    def let_go(self) -> None:
        with unhurried_turn():
            WebhookProgress.objects.filter(endpoint=self.endpoint_id, claim=self.id).update(**LET_GO)

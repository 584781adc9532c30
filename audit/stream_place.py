"""How far the stream for log shippers has come (audit/stream.py)."""

from __future__ import annotations

from django.db import models


class AuditStreamPlace(models.Model):
    """The last place of a chain that was written out."""

    chain = models.UUIDField(primary_key=True)
    sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.chain} {self.sequence}"


class AuditStreamer(models.Model):
    """One row: until when one worker alone writes."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"until {self.claimed_until}"

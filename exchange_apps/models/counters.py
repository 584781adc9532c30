"""Counters shared by all processes where there is no Redis. Times are in milliseconds since the epoch, so that the
same SQL compares them on both databases."""

from __future__ import annotations

from django.db import models


class RateWindow(models.Model):
    """How often something happened in the minute that began with its first time."""

    key = models.CharField(max_length=200, primary_key=True)
    started_ms = models.BigIntegerField(db_index=True)
    used = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.key


class CacheEntry(models.Model):
    """Django's cache where there is no Redis: its columns and their names are what `DatabaseCache` expects."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class DenialTally(models.Model):
    """Refusals of callers who have proven nothing: one event a minute for each app and reason, with a count."""

    key = models.CharField(max_length=100, primary_key=True)  # client id and reason
    started_ms = models.BigIntegerField()
    suppressed = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.key

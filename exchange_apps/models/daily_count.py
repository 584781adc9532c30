"""What is counted for the overview and each app's activity, so that no page counts tokens or events itself."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class DailyCountQuerySet(models.QuerySet["DailyCount"]):
    def of(self, owner_id: uuid.UUID, *, days: int, until: date) -> DailyCountQuerySet:
        """The counts of one organization or app on the `days` days that end with `until`."""
        return self.filter(owner_id=owner_id, day__gt=until - timedelta(days=days), day__lte=until)


class DailyCount(models.Model):
    """Mints, or refusals for one reason, of one organization or one app on one day (UTC).

    An organization has rows of its own beside those of its apps: its overview reads a few rows however many apps it
    has. Filled by `services/daily_counts.py`.
    """

    owner_id = models.UUIDField()
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=64, blank=True)  # of the refusals; empty: mints
    count = models.PositiveBigIntegerField(_("count"))

    objects: ClassVar[models.Manager[DailyCount]] = DailyCountQuerySet.as_manager()

    class Meta:
        verbose_name = _("daily count")
        verbose_name_plural = _("daily counts")
        constraints = (models.UniqueConstraint(fields=("owner_id", "day", "reason"), name="daily_count_unique"),)
        indexes = (models.Index(fields=("day",), name="daily_count_by_day"),)  # pruning goes by it

    def __str__(self) -> str:
        return f"{self.day} {self.reason or 'mints'}: {self.count}"

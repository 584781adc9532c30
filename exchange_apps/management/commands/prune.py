"""`manage.py prune`: what the background job of that name does, by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from audit.proof.retention import prune_log
from exchange_apps.services.pruning import prune

_AN_HOUR = 3600.0


class Command(BaseCommand):
    help = "Delete what nobody needs any more, in small batches beside running exchanges, and print what went."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        gone = prune(now=now, most_seconds=_AN_HOUR) | {"audit_events": prune_log(now=now, most_seconds=_AN_HOUR)}
        for name, count in gone.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count}")

"""`manage.py prune`: what the background job of that name does, by hand."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from exchange_apps.services.pruning import prune

_AN_HOUR = 3600.0


class Command(BaseCommand):
    help = "Delete what nobody needs any more, in small batches beside running exchanges, and print what went."

    def handle(self, **options: Any) -> None:
        for name, count in prune(now=timezone.now(), most_seconds=_AN_HOUR).items():
            self.stdout.write(f"{name.replace('_', ' ')}: {count}")

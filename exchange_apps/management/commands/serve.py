"""`manage.py serve`: the production web server."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from exchange_apps.management.arguments import add_listener_arguments
from exchange_apps.management.server import listener, serve_forever


class Command(BaseCommand):
    help = "Serve Counterfoil over HTTP until it is told to end."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_listener_arguments(parser)

    def handle(self, **options: Any) -> None:
        at = listener(**options)
        told = (
            f"Counterfoil listens at {at.url} ({at.workers} × {at.threads} threads); "
            f"its public address is {settings.PUBLIC_URL}. Ctrl-C ends it."
        )
        serve_forever(at, on_listening=lambda: self.stderr.write(told))

"""`manage.py run`: from nothing to a working Counterfoil, in the foreground; what `make run` calls."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from exchange_apps.management.arguments import add_listener_arguments
from exchange_apps.management.demo import Demo, find_demo, load_demo
from exchange_apps.management.demo_text import welcome
from exchange_apps.management.server import check_database_answers, check_port_is_free, listener, serve_forever
from exchange_apps.models import Organization, User


class Command(BaseCommand):
    help = "Migrate, load a small demo organization into an empty embedded database, and serve."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_listener_arguments(parser)

    def handle(self, **options: Any) -> None:
        at = listener(**options)
        check_port_is_free(at.host, at.port)
        check_database_answers()
        self._say("Preparing the database…")
        call_command("migrate", verbosity=0, interactive=False)
        demo = self._demo()
        serve_forever(at, on_listening=lambda: self._say(welcome(at, demo)))

    def _demo(self) -> Demo | None:
        if settings.EMBEDDED and not Organization.objects.exists() and not User.objects.exists():
            self._say("Loading the demo organization…")
            return load_demo()
        return find_demo()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

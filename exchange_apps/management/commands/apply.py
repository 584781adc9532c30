"""`manage.py apply`: configuration as code."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.management.outcome_text import outcome_lines, summary
from exchange_apps.management.server import check_database_is_migrated
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.configuration import ConfigurationRefused, apply_configuration, configuration_schema
from exchange_apps.services.configuration.document import MOST_BYTES

REFUSED, WOULD_CHANGE = 1, 2


class Command(BaseCommand):
    help = "Bring organizations, and what belongs to them, in step with a YAML or JSON file: all of it or nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="the configuration; - reads standard input")
        parser.add_argument(
            "--plan", action="store_true", help="show the difference and change nothing; exit 0 none, 2 some, 1 refused"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document on standard output")
        parser.add_argument(
            "--schema", action="store_true", help="print the JSON Schema of the file and do nothing else"
        )

    def handle(self, *, file: str | None, plan: bool, json: bool, schema: bool, **options: Any) -> None:
        if schema:
            self.stdout.write(schema_text(), ending="")
            return
        if file is None:
            raise CommandError("Name a FILE, or - for standard input.")
        check_database_is_migrated()
        author = Author(Party(PartyType.COMMAND, None, "apply"), RequestOrigin.command("apply"), timezone.now())
        folder = Path() if file == "-" else Path(file).parent
        try:
            outcome = apply_configuration(_read(file), name=file, author=author, plan=plan, folder=folder)
        except ConfigurationRefused as refused:
            self._refuse(refused, as_json=json)
        else:
            for line in [_as_text(outcome.as_json())] if json else outcome_lines(outcome):
                self.stdout.write(line)
            (self.stderr if json else self.stdout).write(summary(outcome, plan=plan), self.style.NOTICE)
            if plan and outcome.changed:
                sys.exit(WOULD_CHANGE)

    def _refuse(self, refused: ConfigurationRefused, *, as_json: bool) -> None:
        if as_json:
            errors = [{"path": problem.place, "message": problem.message} for problem in refused.problems]
            self.stdout.write(
                _as_text({"version": 1, "changed": False, "scopes": [], "organizations": [], "errors": errors})
            )
        for problem in refused.problems:
            self.stderr.write(str(problem))
        count = len(refused.problems)
        raise CommandError(f"Refused for {count} problem{'s'[: count != 1]}; nothing was changed.", returncode=REFUSED)


def schema_text() -> str:
    """The published schema, as docs/configuration.schema.json holds it."""
    return _as_text(configuration_schema()) + "\n"


def _as_text(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)


def _read(file: str) -> bytes:
    """Raises CommandError when there is no such file."""
    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        with Path(file).open("rb") as source:
            return source.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=REFUSED) from error

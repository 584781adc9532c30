"""`manage.py prove_audit_event UUID`: prove that one event is in the log to somebody who sees nothing else of it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from audit.proof.proofs import NoProof, prove_event


class Command(BaseCommand):
    help = "Print the proof that one event is in the log, as deploy/verify_audit_export.py --proof reads it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("event", metavar="UUID", type=UUID)

    def handle(self, *, event: UUID, **options: Any) -> None:
        try:
            proof = prove_event(event)
        except NoProof as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(proof, indent=2, ensure_ascii=False))

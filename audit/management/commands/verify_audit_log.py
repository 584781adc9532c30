"""`manage.py verify_audit_log`: replay the chain and its checkpoints, of the database or of an exported file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.models import AuditChain
from audit.proof.checkpoint_jws import BadSignature, CheckpointKeys, UnknownKey
from audit.proof.database_log import verify_database
from audit.proof.findings import Finding
from audit.proof.hash_chain import INSTALLATION
from audit.proof.log_verifier import LogVerifier
from audit.proof.needs import checkpoint_signer
from audit.proof.standalone import checkpoint_in, verify_lines


class Command(BaseCommand):
    help = "Verify the audit log: each finding is printed with its event; exit status 1 where there is one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one; `installation`: what has none")
        parser.add_argument("--export", metavar="FILE", help="an exported NDJSON file instead of the database")
        parser.add_argument("--keys", metavar="FILE", help="the checkpoint keys (JWKS); otherwise our own")
        parser.add_argument("--checkpoint", metavar="FILE", help="a checkpoint kept elsewhere, to compare with")
        parser.add_argument("--partial", action="store_true", help="with --export: events in between are left out")

    def handle(self, **options: Any) -> None:
        jwks = json.loads(Path(options["keys"]).read_text()) if options["keys"] else checkpoint_signer().public_keys()
        now = None if options["export"] else timezone.now()
        verifier = LogVerifier(CheckpointKeys(jwks), now=now, partial=options["partial"])
        if options["checkpoint"]:
            self._keep_to(verifier, options["checkpoint"])
        found = 0
        for finding in self._findings(verifier, options):
            found += 1
            self.stdout.write(str(finding))
        for line in verifier.summary():
            self.stdout.write(line)
        if found:
            raise CommandError(f"{found} findings", returncode=1)
        self.stdout.write("no findings")

    def _findings(self, verifier: LogVerifier, options: dict[str, Any]) -> Iterator[Finding]:
        if options["export"]:
            with open(options["export"], "rb") as lines:
                yield from verify_lines(verifier, lines)
        else:
            yield from verify_database(verifier, chain_named(slug) if (slug := options["organization"]) else None)

    def _keep_to(self, verifier: LogVerifier, file: str) -> None:
        try:
            verifier.keep_to(checkpoint_in(Path(file).read_text()))
        except (BadSignature, UnknownKey) as error:
            raise CommandError(f"The kept checkpoint: {error}") from error


def chain_named(slug: str) -> UUID:
    if slug == "installation":
        return INSTALLATION
    chain = AuditChain.objects.filter(slug=slug).exclude(pk=INSTALLATION).values_list("pk", flat=True).first()
    if chain is None:
        raise CommandError(f"No event of an organization {slug} was sealed yet.")
    return chain

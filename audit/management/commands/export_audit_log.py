"""`manage.py export_audit_log`: the chain of an organization with its checkpoints, for an outsider to verify."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from audit.actions import AuditAction
from audit.management.commands.verify_audit_log import chain_named
from audit.models import AuditChain
from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party, PartyType
from audit.proof.hash_chain import INSTALLATION
from audit.proof.needs import writers_turn
from audit.proof.whole_export import whole_export
from audit.recorder import record_event


class Command(BaseCommand):
    help = "Print the sealed log of an organization as NDJSON, checkpoints included; verify_audit_export.py reads it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", metavar="SLUG", help="or `installation`: what belongs to none")
        parser.add_argument("--first", type=int, default=1, metavar="N", help="begin with the span of this number")

    def handle(self, *, organization: str, first: int, **options: Any) -> None:
        chain, count = AuditChain.objects.get(pk=chain_named(organization)), 0
        for block, events in whole_export(chain.pk, first=first, last=chain.sequence):
            self.stdout.write(block.decode(), ending="")
            count += events
        with writers_turn():
            record_event(
                AuditAction.AUDIT_LOG_EXPORTED,
                occurred_at=timezone.now(),
                organization=None if chain.pk == INSTALLATION else OrganizationRef(chain.pk, chain.slug),
                actor=Party(PartyType.COMMAND, None, "export_audit_log"),
                origin=RequestOrigin.command("export_audit_log"),
                data={"format": "ndjson", "first_sequence": first, "count": count},
            )

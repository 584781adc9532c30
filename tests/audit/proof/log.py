"""A small sealed log to play with: events, sealing and signing at chosen times, verifying, exporting."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from audit.actions import AuditAction
from audit.identifiers import first_uuid7_at
from audit.models import AuditChain, AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, OrganizationRef
from audit.proof.checkpoint_jws import CheckpointKeys
from audit.proof.checkpoints import sign_checkpoints
from audit.proof.database_log import verify_database
from audit.proof.findings import Finding
from audit.proof.log_verifier import LogVerifier
from audit.proof.sealing import seal_events
from audit.proof.standalone import verify_lines
from audit.proof.whole_export import whole_export
from audit.recorder import event_row
from oidc_issuer import checkpoints

ACME = OrganizationRef(uuid.UUID("0199aaaa-0000-7000-8000-00000000ac3e"), "acme")
GLOBEX = OrganizationRef(uuid.UUID("0199aaaa-0000-7000-8000-0000006106e3"), "globex")


def write(
    count: int = 1, *, organization: OrganizationRef | None = ACME, at: datetime | None = None
) -> list[uuid.UUID]:
    """Events one second apart, ending at that moment (now), as the recorder writes them."""
    end, rows = at or timezone.now(), []
    for number in range(count):
        moment = end - timedelta(seconds=count - 1 - number)
        row = event_row(
            AuditAction.ORGANIZATION_UPDATED,
            occurred_at=moment,
            organization=organization,
            actor=SYSTEM,
            origin=RequestOrigin.command("test"),
            data={"changes": {"name": {"before": f"Näme {number}", "after": "Acme"}}},
        )
        made = first_uuid7_at(moment).int | uuid.uuid4().int & 0xFFFF_FFFF_FFFF_FFFF >> 2
        rows.append(AuditEvent(**row | {"id": uuid.UUID(int=made)}))
    return [event.pk for event in AuditEvent.objects.bulk_create(rows)]


def seal(*, at: datetime | None = None) -> None:
    seal_events(now=at or timezone.now())


def sign(*, at: datetime | None = None) -> None:
    """Seal and sign, as the job of each minute does."""
    seal(at=at)
    sign_checkpoints(now=at or timezone.now())


def keys() -> CheckpointKeys:
    return CheckpointKeys(checkpoints.public_keys())


def verify(now: datetime | None = None, kept: str = "") -> list[Finding]:
    verifier = LogVerifier(keys(), now=now or timezone.now())
    if kept:
        verifier.keep_to(kept)
    return list(verify_database(verifier))


def export(organization: OrganizationRef = ACME, **part: int) -> list[dict[str, Any]]:
    blocks = whole_export(organization.uuid, **part)
    return [json.loads(line) for block, _ in blocks for line in block.splitlines()]


def verify_export(lines: Iterable[dict[str, Any]], **options: Any) -> list[Finding]:
    return list(verify_lines(LogVerifier(keys(), **options), [json.dumps(line) for line in lines]))


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def db(value: uuid.UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def chain(organization: OrganizationRef = ACME) -> AuditChain:
    return AuditChain.objects.get(pk=organization.uuid)


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)

"""The log as a file of any size: NDJSON or CSV, oldest first, in constant memory; each export is two events itself.
NDJSON of a whole log, without a search, is in the order of sealing and holds the checkpoints: anybody can verify it.

The database is read in pages by key, so neither a transaction nor a cursor stays open while a slow client reads.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC
from enum import StrEnum
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone

from audit.actions import AuditAction, Outcome
from audit.export_csv import csv_header, csv_lines
from audit.export_ndjson import ndjson_lines
from audit.export_rows import Row, rows_of
from audit.identifiers import uuid7
from audit.models import AuditEventQuerySet
from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party
from audit.proof.needs import writers_turn
from audit.proof.unsealed import SealedState
from audit.proof.whole_export import Block, whole_export
from audit.read_ahead import read_ahead
from audit.recorder import record_event
from audit.search.find import Search
from audit.search.query import render

PAGE = 2000


class ExportFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def content_type(self) -> str:
        return "text/csv; charset=utf-8" if self is ExportFormat.CSV else "application/x-ndjson"


def export(
    search: Search, format: ExportFormat, *, actor: Party, organization: OrganizationRef | None, origin: RequestOrigin
) -> StreamingHttpResponse:
    """Record that it begins, then answer with the file. That it ended, and how, is recorded when it has."""
    about = {"organization": organization, "actor": actor, "origin": origin}
    data = {"query": render(search.query), "format": format.value}
    last = uuid7()  # what happens from now on is not in it
    _record(AuditAction.AUDIT_LOG_EXPORT_BEGUN, data, Outcome.SUCCESS, **about)

    def content() -> Iterator[bytes]:
        count, outcome = 0, Outcome.FAILED
        try:
            if format is ExportFormat.CSV:
                yield csv_header()
            for block, events in _blocks(search, format, organization, last):
                yield block
                count += events
            outcome = Outcome.SUCCESS
        finally:
            _record(AuditAction.AUDIT_LOG_EXPORTED, data | {"count": count}, outcome, **about)

    name = f"audit-log-{organization.slug + '-' if organization else ''}{search.now.astimezone(UTC):%Y-%m-%d}.{format}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingHttpResponse(content(), content_type=format.content_type, headers=disposition)


def _blocks(
    search: Search, format: ExportFormat, organization: OrganizationRef | None, last: uuid.UUID
) -> Iterator[Block]:
    """All of one organization's log proves itself; a part of it, or CSV, has no checkpoints."""
    is_whole = not search.query and organization is not None and search.organizations == frozenset({organization.uuid})
    if organization is None or not is_whole or format is ExportFormat.CSV:
        lines = csv_lines if format is ExportFormat.CSV else ndjson_lines
        for page in read_ahead(pages(search.rows.filter(pk__lt=last))):
            yield lines(page), len(page)
        return
    state = SealedState.of(organization.uuid)
    yield from whole_export(organization.uuid, last=state.sealed_to)
    for page in pages(state.unsealed(search.log.filter(pk__lt=last))):
        yield ndjson_lines(page, sealed=False), len(page)


def pages(events: AuditEventQuerySet) -> Iterator[list[Row]]:
    """Oldest first."""
    after = uuid.UUID(int=0)
    while page := rows_of(events.filter(pk__gt=after).order_by("pk")[:PAGE]):
        yield page
        after = uuid.UUID(page[-1][0])


def _record(action: AuditAction, data: dict[str, Any], outcome: Outcome, **about: Any) -> None:
    with writers_turn():
        record_event(action, occurred_at=timezone.now(), outcome=outcome, data=data, **about)

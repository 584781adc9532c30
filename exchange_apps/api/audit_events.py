"""`/v2/organizations/{org}/audit_events`: the log, searched, one by one, and as a file."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.export import ExportFormat, export
from audit.export_line import event_as_json
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.proof.proofs import NoProof, prove_event
from audit.search.errors import SearchError
from audit.search.find import Search
from audit.search.query import parse
from exchange_apps.api import schema
from exchange_apps.api.conditional import described
from exchange_apps.api.errors import Conflict, InvalidParameter, NotFound
from exchange_apps.api.paging import PageRequest, page_response
from exchange_apps.api.settings_view import check_reads
from exchange_apps.api.views import OrganizationView

_QUERY = OpenApiParameter("query", str, description="A search as in the portal: docs/audit-log.md. Times are in UTC.")


class AuditView(OrganizationView):
    scopes = {"GET": "read_audit_events"}  # noqa: RUF012 - as declared by the base

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_reads(self)

    def search(self, request: Request) -> Search:
        """Raises InvalidParameter."""
        try:
            query = parse(request.query_params.get("query", ""))
        except SearchError as error:
            raise InvalidParameter("query", error.sentence()) from None
        log = AuditEvent.objects.visible_to(self.access)
        return Search(query, log, self.access.reading_organization_ids, timezone.now(), UTC)

    def shown(self, event: AuditEvent) -> dict[str, Any]:
        page = reverse("admin:audit_auditevent_change", urlconf="config.portal_urls", args=[event.pk])
        return event_as_json(event, f"{settings.PUBLIC_URL}/o/{self.organization.slug}{page}")


class AuditEventsView(AuditView):
    """The events of the organization, newest first."""

    @extend_schema(
        operation_id="list_audit_events",
        parameters=[_QUERY, *schema.PAGE_PARAMETERS],
        responses={200: schema.AUDIT_EVENT_PAGE, **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        asked = PageRequest.of(request)
        found = self.search(request).page(older_than=asked.after, newer_than=asked.before, length=asked.length)
        return page_response(request, asked, found.events, self.shown, more=found.more, searched_to=found.searched_to)


class AuditEventView(AuditView):
    """One event. It never changes."""

    @extend_schema(operation_id="get_audit_event", responses={200: schema.AUDIT_EVENT, **schema.ERRORS})
    def get(self, request: Request, org: str, event_id: uuid.UUID) -> Response:
        event = AuditEvent.objects.visible_to(self.access).filter(pk=event_id).first()
        if event is None:
            raise NotFound
        return described(request, self.shown(event))


class AuditProofView(AuditView):
    """The proof that one event is in the log, as `verify_audit_export.py --proof` reads it."""

    @extend_schema(
        operation_id="prove_audit_event",
        responses={200: schema.AUDIT_PROOF, 409: schema.Problem, **schema.ERRORS},
    )
    def get(self, request: Request, org: str, event_id: uuid.UUID) -> Response:
        if not AuditEvent.objects.visible_to(self.access).filter(pk=event_id).exists():
            raise NotFound
        try:
            proof = prove_event(event_id)
        except NoProof as error:
            raise Conflict(str(error)) from None
        return Response(proof, headers={"Content-Disposition": f'attachment; filename="proof-{event_id}.json"'})


class AuditExportView(AuditView):
    """What a search finds, oldest first, as one file of any size: CSV or NDJSON. The export is itself an event."""

    @extend_schema(
        operation_id="export_audit_events",
        parameters=[_QUERY, OpenApiParameter("kind", str, "path", enum=[one.value for one in ExportFormat])],
        responses={(200, one.content_type): OpenApiTypes.STR for one in ExportFormat} | schema.ERRORS,
    )
    def get(self, request: Request, org: str, kind: str) -> StreamingHttpResponse:
        return export(
            self.search(request),
            ExportFormat(kind),
            actor=self.token.principal_party(),
            organization=self.organization.ref(),
            origin=RequestOrigin.of(request._request),
        )

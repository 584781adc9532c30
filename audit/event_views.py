"""The further addresses of the log: drawer, proof, newer events, export. Each asks by itself who may read."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.cache import add_never_cache_headers

from audit.asked_search import asked_search
from audit.event_page import event_context, seal_context
from audit.export import ExportFormat, export
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.paging import NEWER, KeysetModelAdmin
from audit.parties import Party, PartyType
from audit.proof.proofs import NoProof, prove_event
from audit.search_list import search_of

EVENT_PAGE = "admin:audit_auditevent_change"
_MOST_NEWER = 50


class EventViews(KeysetModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        views: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "export": ("export/<str:kind>/", self.export_view),
            "newer": ("newer/", self.newer_view),
            "drawer": ("<uuid:object_id>/drawer/", self.drawer_view),
            "proof": ("<uuid:object_id>/proof/", self.proof_view),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"audit_auditevent_{name}")
            for name, (route, view) in views.items()
        ]
        return [*own, *super().get_urls()]

    def _readable(self, request: HttpRequest, object_id: uuid.UUID) -> AuditEvent:
        if not self.has_view_permission(request):
            raise PermissionDenied
        event: AuditEvent | None = self.get_queryset(request).filter(pk=object_id).first()
        if event is None:
            raise Http404
        return event

    def drawer_view(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        """What htmx puts beside the list; opened by itself it leads to the page."""
        event = self._readable(request, object_id)
        address = reverse(EVENT_PAGE, args=[event.pk])
        if "HX-Request" not in request.headers:
            return HttpResponseRedirect(address)
        context = event_context(event, address) | seal_context(event) | {"address": address}
        return render(request, "portal/audit/drawer.html", context)

    def proof_view(self, request: HttpRequest, object_id: uuid.UUID) -> HttpResponse:
        event = self._readable(request, object_id)
        try:
            proof = prove_event(event.pk)
        except NoProof as error:
            raise Http404 from error
        name = f'attachment; filename="proof-{event.pk}.json"'
        return JsonResponse(proof, json_dumps_params={"indent": 1}, headers={"Content-Disposition": name})

    def newer_view(self, request: Any, **_: Any) -> HttpResponse:
        """The rows of a search that are newer than one, oldest of them first served; 204 while there is none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = asked_search(request.GET)
        try:
            newest = uuid.UUID(request.GET.get(NEWER, ""))
        except ValueError as error:
            raise Http404 from error
        if asked.error or asked.is_impossible:
            raise Http404
        search = search_of(asked.searched, request.organization_access)
        events = search.page(newer_than=newest, length=_MOST_NEWER).events
        context = {"events": events[::-1], "fresh": True, "event_query": asked.address if asked.query else ""}
        response = render(request, "portal/audit/rows.html", context) if events else HttpResponse(status=204)
        add_never_cache_headers(response)
        return response

    def export_view(self, request: Any, kind: str) -> HttpResponseBase:
        """The file of a search. A POST, because it leaves events behind."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked = asked_search(request.POST)
        if kind not in {one.value for one in ExportFormat} or asked.error or asked.is_impossible:
            raise Http404
        search, format = search_of(asked.searched, request.organization_access), ExportFormat(kind)
        actor = Party(PartyType.USER, request.user.pk, request.user.get_username())
        organization = request.organization and request.organization.ref()
        return export(search, format, actor=actor, organization=organization, origin=RequestOrigin.of(request))

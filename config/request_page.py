"""The page behind `error_uri`: the receipt for those who may read it, one and the same page for everybody else."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from audit.event_page import event_context
from audit.models import AuditEvent
from config.organization_prefix import reverse_inside, reverse_outside
from exchange_apps.models import Organization

_MOST_EVENTS = 20
_MOST_PLACES = 10
_EVENT_PAGE = "admin:audit_auditevent_change"


def request_page(request: Any, request_id: uuid.UUID) -> HttpResponse:
    events = AuditEvent.objects.visible_to(request.organization_access).filter(request_id=str(request_id))
    found = [event_context(event, _address(event)) | {"address": _address(event)} for event in events[:_MOST_EVENTS]]
    if not found:
        context = {"title": _("About this request"), "request_id": request_id, "places": _places(request)}
        return render(request, "portal/request_unknown.html", context)
    if request.organization is None and (slug := _one_organization(request, found)):
        return HttpResponseRedirect(reverse_inside(slug, "admin:request_page", request_id))
    context = admin.site.each_context(request)
    title = _("Request %s") % request_id
    return render(request, "portal/request.html", {**context, "title": title, "request_id": request_id, "found": found})


def _one_organization(request: Any, found: list[dict[str, Any]]) -> str:
    """The slug of the organization that the whole request belongs to: there its menu stands beside the receipt."""
    owners = {one["event"].organization_id for one in found}
    organizations = Organization.objects.visible_to(request.whole_access).filter(pk__in=owners - {None})
    return organizations[0].slug if len(owners) == 1 and organizations else ""


def _places(request: Any) -> list[dict[str, str]]:
    """Where this person may look further, whatever became of the request."""
    readable = Organization.objects.visible_to(request.whole_access).order_by("name")
    return [
        {
            "name": found.name,
            "refusals": reverse_inside(found.slug, "admin:audit_auditevent_changelist") + "?outcome=denied",
            "dry_run": reverse_inside(found.slug, "admin:dry_run"),
        }
        for found in readable[:_MOST_PLACES]
        if request.whole_access.may_read(found.pk)
    ]


def _address(event: AuditEvent) -> str:
    if event.organization_slug:
        return reverse_inside(event.organization_slug, _EVENT_PAGE, event.pk)
    return reverse_outside(_EVENT_PAGE, event.pk)

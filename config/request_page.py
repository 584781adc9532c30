"""The page behind `error_uri`: the receipt for those who may read it, one and the same page for everybody else."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from audit.admin import event_context
from audit.models import AuditEvent
from config.organization_prefix import reverse_inside, reverse_outside

_MOST_EVENTS = 20
_EVENT_PAGE = "admin:audit_auditevent_change"


def request_page(request: Any, request_id: uuid.UUID) -> HttpResponse:
    events = AuditEvent.objects.visible_to(request.organization_access).filter(request_id=str(request_id))
    found = [event_context(event, _address(event)) | {"address": _address(event)} for event in events[:_MOST_EVENTS]]
    if not found:
        context = {"title": _("About this request"), "request_id": request_id}
        return render(request, "portal/request_unknown.html", context)
    context = admin.site.each_context(request)
    title = _("Request %s") % request_id
    return render(request, "portal/request.html", {**context, "title": title, "request_id": request_id, "found": found})


def _address(event: AuditEvent) -> str:
    if event.organization_slug:
        return reverse_inside(event.organization_slug, _EVENT_PAGE, event.pk)
    return reverse_outside(_EVENT_PAGE, event.pk)

"""The audit log in the portal: to be read, never to be changed.

Whose log may be read is told by `request.organization_access` (`audit/access.py`), which the portal narrows to the
organization in the address.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.access import OrganizationAccess
from audit.api_call import curl_call
from audit.asked_search import FILTERS, QUERY, RANGE, asked_search
from audit.event_page import event_context, neighbours, seal_context
from audit.event_views import EVENT_PAGE, EventViews
from audit.identifiers import first_uuid7_at
from audit.log_ranges import chips_of, presets, range_between, range_in_words, ranges_for
from audit.models import AuditEvent
from audit.search_help import search_help
from audit.search_list import AuditChangeList, search_of

_FROM, _TO = "from", "to"
_DAYS = (_FROM, _TO)


def access_in(request: Any) -> OrganizationAccess:
    access: OrganizationAccess = request.organization_access
    return access


@admin.register(AuditEvent)
class AuditEventAdmin(EventViews):
    change_list_template = "admin/audit/auditevent/change_list.html"
    list_display = ("__str__",)

    @property
    def lead(self) -> str:
        days = settings.AUDIT_RETENTION_DAYS
        kept = (
            gettext("Entries are kept for ever.")
            if days is None
            else ngettext("Entries are kept for %(days)s day.", "Entries are kept for %(days)s days.", days)
            % {"days": days}
        )
        what = gettext(
            "Every exchange, refusal, sign-in and change, newest first. Nobody can alter or delete an entry."
        )
        return f"{what} {kept}"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AuditChangeList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in {QUERY, RANGE, *FILTERS}

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AuditEvent]:
        return AuditEvent.objects.visible_to(access_in(request))

    def has_view_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        access = access_in(request)
        if obj is None:
            return access.sees_everything or bool(access.reading_organization_ids)
        return access.sees_everything or obj.organization_id in access.reading_organization_ids

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        asked = asked_search(request.GET)
        if any(name in request.GET for name in _DAYS):  # of the form for a range of days
            first, last = (request.GET.get(name, "") for name in _DAYS)
            return HttpResponseRedirect(range_between(asked, first, last))
        context = {
            "title": _("Audit log"),
            "asked": asked,
            "chips": chips_of(asked),
            "ranges": ranges_for(asked),
            "range": range_in_words(asked),
            "presets": presets(),
            "search_help": search_help(),
            "event_query": asked.address if asked.query else "",
            **_viewers_time(),
        }
        if organization := request.organization:  # type: ignore[attr-defined]
            zone = timezone.get_current_timezone()
            context["curl"] = curl_call(organization.slug, asked.searched, now=context["now"], zone=zone)
        return super().changelist_view(request, context | (extra_context or {}))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """An event has no history: it is one."""
        return self.change_view(request, object_id, extra_context=extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        event: AuditEvent = context["original"]
        asked = asked_search(request.GET)
        context |= event_context(event, reverse(EVENT_PAGE, args=[event.pk])) | seal_context(event)
        context |= neighbours(event, asked, search_of(asked.query, access_in(request)))
        context |= _viewers_time()
        context["list_query"] = asked.address if asked.query else ""
        return super().render_change_form(request, context, *args, **kwargs)


def _viewers_time() -> dict[str, Any]:
    now = timezone.now()
    return {"zone": timezone.get_current_timezone_name(), "now": now, "newest": first_uuid7_at(now)}

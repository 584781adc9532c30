"""What one app did lately: a panel on its page, loaded when it is looked at, and a page of its own."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.identifiers import first_uuid7_at
from audit.models import AuditEvent
from exchange_apps.admin.activity_charts import activity_charts
from exchange_apps.admin.base import OrganizationScopedAdmin
from exchange_apps.admin.log_links import log_link
from exchange_apps.models import ExchangeApplication
from exchange_apps.services.activity import Activity, activity_of

_MOST_EVENTS = 15


class ActivityPanel(OrganizationScopedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.activity_view)
        name = "exchange_apps_exchangeapplication_activity"
        return [path("<uuid:object_id>/activity/", view, name=name), *super().get_urls()]

    def activity_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        app = self.get_queryset(request).filter(pk=object_id).first() if self.has_view_permission(request) else None
        if app is None:
            raise Http404
        context = {"app": app, **activity_panel(app, now=timezone.now())}
        if "HX-Request" in request.headers:
            response = render(request, "portal/activity_panel.html", context)
        else:
            site = self.admin_site.each_context(request)
            context |= {"title": _("Activity of %s") % app.name, "opts": self.opts}
            response = render(request, "admin/activity_page.html", {**site, **context})
        response["Vary"] = "HX-Request"
        return response


def activity_panel(app: ExchangeApplication, *, now: datetime) -> dict[str, Any]:
    """The context of `portal/activity_panel.html`."""
    activity = activity_of(app.pk, now=now)
    return {
        "activity": activity_charts(activity, app.pk),
        "events": latest_events(app, activity),
        "keys": app.key_history.order_by("-last_used_at", "kid"),
        "log_url": log_link(app=app.pk),
    }


def latest_events(app: ExchangeApplication, activity: Activity) -> list[AuditEvent]:
    """The app's last mints and refusals of 30 days.

    The daily counts tell where to look, so that the log is not searched for an app that did nothing.
    """
    of_app = AuditEvent.objects.filter(organization_id=app.organization_id, actor_id=app.pk).newest_first()
    uncounted = activity.counted_until or datetime.combine(activity.days[0], time(), UTC)
    events = list(of_app.filter(id__gte=first_uuid7_at(uncounted))[:_MOST_EVENTS])
    wanted = _MOST_EVENTS - len(events)
    span = _days_with(wanted, activity)
    if span is not None:
        counted = of_app.filter(id__gte=first_uuid7_at(span), id__lt=first_uuid7_at(uncounted))
        events += counted[:wanted]
    return events


def _days_with(wanted: int, activity: Activity) -> datetime | None:
    """When the last days began that together have that many events; None where there are none."""
    first = None
    for day, mints, denials in zip(activity.days[::-1], activity.mints[::-1], activity.denials[::-1], strict=True):
        if wanted <= 0:
            break
        if mints or denials:
            first = day
            wanted -= mints + denials
    return None if first is None else datetime.combine(first, time(), UTC)

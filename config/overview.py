"""The first page of an organization: how it goes, what needs attention, and what happened last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from exchange_apps.admin.activity_charts import activity_charts
from exchange_apps.admin.key_panel import is_too_old
from exchange_apps.models import ExchangeApplication, MintedToken, Organization
from exchange_apps.services.activity import activity_of, failing_apps
from exchange_apps.services.live_tokens import count_live_tokens

_MOST_EVENTS = 8
_MOST_TROUBLES = 5


def overview(request: Any) -> dict[str, Any]:
    """Readers see numbers, apps and events, members their own latest tokens. Nothing here counts tokens or events."""
    organization, access = request.organization, request.organization_access
    if not access.may_read(organization.id):
        return {"tokens": MintedToken.objects.visible_to(access).order_by("-id")[:_MOST_EVENTS]}
    now = timezone.now()
    apps = ExchangeApplication.objects.filter(organization=organization)
    counts = apps.aggregate(
        all=Count("pk"),
        idle=_count_of(apps.filter(enabled=True).idle(now)),
        expiring=_count_of(apps.with_keys_expiring(now)),
    )
    return {
        "may_read": True,
        "may_change": access.may_change(organization.id),
        "has_apps": counts["all"] > 0,
        "activity": activity_charts(activity_of(organization.pk, now=now)),
        "live_tokens": count_live_tokens(organization, now=now),
        "idle_apps": counts["idle"],
        **_troubles(organization, now),
        "expiring_count": counts["expiring"],
        "apps_url": reverse("admin:exchange_apps_exchangeapplication_changelist"),
        "tokens_url": reverse("admin:exchange_apps_mintedtoken_changelist"),
        "events": AuditEvent.objects.visible_to(access).newest_first()[:_MOST_EVENTS],
    }


def _count_of(apps: QuerySet[ExchangeApplication]) -> Count:
    return Count("pk", filter=Q(pk__in=apps.values("pk")))


def _troubles(organization: Organization, now: datetime) -> dict[str, Any]:
    failing = failing_apps(organization)
    return {
        "failing_count": len(failing),
        "failing": [(app, app.key_set, is_too_old(app.key_set, now)) for app in failing[:_MOST_TROUBLES]],
    }

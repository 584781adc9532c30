"""The first page of an organization: what is there, and what happened last."""

from __future__ import annotations

from typing import Any

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, MintedToken

_MOST_APPS = 6
_MOST_EVENTS = 8


def overview(request: Any) -> dict[str, Any]:
    """Readers see apps and events, members their own latest tokens."""
    organization, access = request.organization, request.organization_access
    if not access.may_read(organization.id):
        return {"tokens": MintedToken.objects.visible_to(access).order_by("-id")[:_MOST_EVENTS]}
    return {
        "may_read": True,
        "may_change": access.may_change(organization.id),
        "applications": ExchangeApplication.objects.visible_to(access)[:_MOST_APPS],
        "events": AuditEvent.objects.visible_to(access).newest_first()[:_MOST_EVENTS],
    }

"""Addresses of the audit log that open the events behind a number: a search, as somebody would have written it."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.urls import reverse

from audit.actions import AuditAction
from audit.asked_search import address_of
from audit.search.query import SearchQuery, Term
from audit.search.vocabulary import Key


def log_link(
    action: AuditAction | None = None,
    *,
    app: UUID | None = None,
    reason: str = "",
    day: date | None = None,
    since: date | None = None,
) -> str:
    """The log narrowed down to one type of event, one app, one reason; on one day or since one, in UTC."""
    texts = {
        Key.TYPE: action and action.value,
        Key.APP: app and str(app),
        Key.REASON: reason,
        Key.AFTER: _midnight(day or since),
        Key.BEFORE: _midnight(day and day + timedelta(days=1)),
    }
    query = SearchQuery(tuple(Term(key, text) for key, text in texts.items() if text))
    return reverse("admin:audit_auditevent_changelist") + address_of(query)


def _midnight(day: date | None) -> str:
    """With its zone: a bare date would begin at midnight where the reader is."""
    return f"{day.isoformat()}T00:00Z" if day else ""

"""The history page of one object: what the log has about it, by outcome and type."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse

from audit.asked_search import address_of
from audit.models import AuditEvent
from audit.search.query import SearchQuery, Term
from audit.search.vocabulary import Key

MOST_HISTORY = 200


def history_context(events: Iterable[AuditEvent], subject: object, chosen: Mapping[str, str]) -> dict[str, Any]:
    """What `admin/object_history.html` shows; the choices are those that the events have."""
    found = list(events)
    outcome, type_ = chosen.get("outcome", ""), chosen.get("type", "")
    fitting = [event for event in found if outcome in ("", event.outcome) and type_ in ("", event.type)]
    context = {
        "events": fitting,
        "outcomes": sorted({event.outcome for event in found}),
        "types": sorted({event.type for event in found}),
        "outcome": outcome,
        "type": type_,
        "most": MOST_HISTORY if len(found) == MOST_HISTORY else 0,
    }
    if isinstance(subject, uuid.UUID):
        query = SearchQuery((Term(Key.SUBJECT, str(subject)),))
        context["log_address"] = reverse("admin:audit_auditevent_changelist") + address_of(query)
    return context

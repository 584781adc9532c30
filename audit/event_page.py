"""What the page and the drawer of one event show."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from audit.asked_search import AskedSearch
from audit.export_line import event_as_json
from audit.models import AuditCheckpoint, AuditEvent, AuditSeal
from audit.parties import PartyType
from audit.presentation import changes_of, details_of, outcome_badge, pretty
from audit.search.find import Search
from audit.search.query import Term
from audit.search.vocabulary import Key


def event_context(event: AuditEvent, address: str) -> dict[str, Any]:
    """All that the event says itself; asks the database for nothing."""
    return {
        "title": event.sentence,
        "event": event,
        "outcome": outcome_badge(event),
        "changes": changes_of(event),
        "details": list(details_of(event)),
        "raw": pretty(event_as_json(event, address)),
        "same": same_links(event),
    }


def seal_context(event: AuditEvent) -> dict[str, Any]:
    """The event's place in the proof; without one while it is not sealed or not signed yet."""
    seal = AuditSeal.objects.filter(pk=event.pk).first()
    covering = seal and AuditCheckpoint.objects.filter(chain=seal.chain, last_sequence__gte=seal.sequence)
    checkpoint = covering and covering.order_by("last_sequence").first()
    return {"seal": seal, "seal_hash": bytes(seal.hash).hex() if seal else "", "checkpoint": checkpoint}


def same_links(event: AuditEvent) -> dict[str, str]:
    """Searches for what else has the same actor, app, key, address, request or token, however long ago."""
    token = event.subject_id if event.subject_type == PartyType.MINTED_TOKEN else event.data.get("token_uuid")
    found = {
        "actor": _party(Key.ACTOR, event.actor_id, event.actor_name),
        "for": _party(Key.FOR, event.on_behalf_of_id, event.on_behalf_of_name),
        "subject": _party(Key.SUBJECT, event.subject_id, event.subject_name),
        "app": app_of(event) and Term(Key.APP, app_of(event)),
        "type": Term(Key.TYPE, event.type),
        "reason": event.reason and Term(Key.REASON, event.reason),
        "kid": event.key_id and Term(Key.KID, event.key_id),
        "ip": event.request_ip and Term(Key.IP, event.request_ip),
        "request": event.request_id and Term(Key.REQUEST, event.request_id),
        "token": token and Term(Key.TOKEN, str(token)),
    }
    log = reverse("admin:audit_auditevent_changelist")
    return {name: f"{log}?{urlencode({'query': str(term), 'range': 'all'})}" for name, term in found.items() if term}


def _party(key: Key, id: object, name: str) -> Term | None:
    return Term(key, str(id or name)) if id or name else None


def app_of(event: AuditEvent) -> str:
    """How the search knows the app that an event concerns; empty where there is none."""
    for type, id in ((event.actor_type, event.actor_id), (event.subject_type, event.subject_id)):
        if type == PartyType.TOKEN_EXCHANGE_APP:
            return str(id)
    app = event.data.get("app")
    named = app.get("client_id") if isinstance(app, dict) else app
    return str(named or event.data.get("app_name") or event.data.get("client_id") or "")


def neighbours(event: AuditEvent, asked: AskedSearch, search: Search) -> dict[str, str]:
    """The addresses of the next newer and the next older event of a search; without one at its ends."""
    newer = search.page(newer_than=event.pk, length=1).events
    older = search.page(older_than=event.pk, length=1).events
    query = asked.address if asked.query else ""
    found = {"newer": newer, "older": older}
    return {
        name: reverse("admin:audit_auditevent_change", args=[events[0].pk]) + query
        for name, events in found.items()
        if events
    }

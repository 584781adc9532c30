"""The whole life of a token, oldest first: what the log says of it, and its first and last use.

Told from events alone where the token's row is gone: they stay longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from audit.models import AuditEvent
from audit.search.query import parse
from audit.search_list import search_of
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.models import MintedToken

MOST_EVENTS = 100


@dataclass(frozen=True, slots=True)
class Moment:
    """Something in the life of a token; `event` where the log has it."""

    at: datetime
    said: str
    address: str | None
    event: AuditEvent | None = None


def events_of_token(request: HttpRequest, *names: str) -> list[AuditEvent]:
    """What this person may read of a token in the organization of the address, by its UUID or SHA-256; oldest first."""
    organization = organization_of(request)
    if organization is None:
        return []
    search = search_of(parse(" ".join(f"token:{name}" for name in names)), access_in(request))
    events = search.page(length=MOST_EVENTS).events
    return sorted((event for event in events if event.organization_id == organization.pk), key=lambda event: event.id)


def life_of(request: HttpRequest, token: MintedToken, *, reads: bool) -> list[Moment]:
    """The log for those who may read it, the uses for everybody who sees the token."""
    events = events_of_token(request, str(token.pk), bytes(token.digest).hex()) if reads else []
    return sorted([*_told(events), *_uses(token)], key=lambda moment: moment.at)


def life_from_events(request: HttpRequest, digest: bytes) -> list[Moment]:
    """Of a token whose row is gone."""
    events = events_of_token(request, digest.hex())
    uuids = {str(event.data["token_uuid"]) for event in events if "token_uuid" in event.data}
    return list(_told(events_of_token(request, digest.hex(), *sorted(uuids)) if uuids else events))


def _told(events: Iterable[AuditEvent]) -> Iterable[Moment]:
    for event in events:
        yield Moment(event.occurred_at, event.sentence, event.request_ip, event)


def _uses(token: Any) -> Iterable[Moment]:
    first, last = token.first_used_at, token.last_used_at
    if first is not None:
        yield Moment(first, _("First used"), token.first_used_ip)
    if last is not None and last != first:
        yield Moment(last, _("Last used"), token.last_used_ip)

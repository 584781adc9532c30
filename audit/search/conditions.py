"""A search as a condition on rows: what it means, in SQL. `index_terms` means the same; a test holds them together."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from functools import reduce
from operator import or_

from django.db.models import CharField, F, Q, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce

from audit.parties import PartyType
from audit.search.lookups import Named
from audit.search.query import SearchQuery
from audit.search.times import moment_of
from audit.search.values import canonical_uuid
from audit.search.vocabulary import Key

RECORDED_WITHIN = timedelta(minutes=1)
"""So long after the moment it tells an event is written at most: jobs end by then. A span of time is a span of keys."""

_APP = PartyType.TOKEN_EXCHANGE_APP
_COLUMNS = {Key.TYPE: "type", Key.OUTCOME: "outcome", Key.REASON: "reason", Key.KID: "key_id"}
_PARTIES = {Key.ACTOR: "actor", Key.FOR: "on_behalf_of", Key.SUBJECT: "subject"}


def matching(query: SearchQuery, *, now: datetime, zone: tzinfo) -> Q:
    """All rows a search finds, whosever they are. A span of keys (`spans`) makes those of a time quick to find."""
    condition = _within(query, now=now, zone=zone)
    for key in query.filters:
        if wanted := query.wanted(key):
            condition &= reduce(or_, (_is(key, value) for value in wanted))
        for value in query.excluded(key):
            condition &= ~_is(key, value)
    return condition


def _within(query: SearchQuery, *, now: datetime, zone: tzinfo) -> Q:
    span = Q()
    if after := query.moment(Key.AFTER):
        span &= Q(occurred_at__gte=moment_of(after, now=now, zone=zone))
    if before := query.moment(Key.BEFORE):
        span &= Q(occurred_at__lt=moment_of(before, now=now, zone=zone))
    return span


def _is(key: Key, value: str) -> Q:
    if column := _COLUMNS.get(key):
        return Q(**{column: value})
    if party := _PARTIES.get(key):
        return _is_party(party, value)
    match key:
        case Key.IP:
            return Q(request_ip__isnull=False, request_ip__in_network=value)
        case Key.REQUEST:
            return Q(request_id=value)
        case Key.APP:
            return _is_app(value)
        case Key.TOKEN:
            return _is_token(value)
        case _:
            raise AssertionError(key)


def _is_party(role: str, value: str) -> Q:
    found = Q(**{f"{role}_name__named": value})
    if is_uuid := canonical_uuid(value):
        found |= Q(**{f"{role}_id__isnull": False, f"{role}_id": is_uuid})
    return found


def _is_app(value: str) -> Q:
    named = (
        Q(actor_type=_APP) & _is_party("actor", value)
        | Q(subject_type=_APP) & _is_party("subject", value)
        | _in_data("client_id", value)
        | _in_data("app__client_id", value)
        | _in_data("app_name", value)
    )
    return named | _in_data("app", value) if canonical_uuid(value) else named


def _is_token(value: str) -> Q:
    if canonical_uuid(value):
        of_token = Q(subject_id__isnull=False, subject_id=value, subject_type=PartyType.MINTED_TOKEN)
        return of_token | _in_data("token_uuid", value)
    return _in_data("token_sha256", value)


def _in_data(path: str, value: str) -> Q:
    *outer, name = path.split("__")
    inside: F | KeyTransform = F("data")
    for key in outer:
        inside = KeyTransform(key, inside)
    found = KeyTextTransform(name, inside)
    # Never NULL, of which a negation would be no truer
    return Q(Named(Coalesce(found, Value(""), output_field=CharField()), value))

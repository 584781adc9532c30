"""The same search as a call of the REST API, to copy."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from django.conf import settings

from audit.asked_search import TIMES
from audit.search.query import SearchQuery, Term, render
from audit.search.times import moment_of


def curl_call(slug: str, query: SearchQuery, *, now: datetime, zone: tzinfo) -> str:
    """A line for a shell; the token is its only placeholder."""
    address = f"{settings.PUBLIC_URL}/v2/organizations/{slug}/audit_events"
    asked = shlex.quote(f"query={render(_in_utc(query, now, zone))}")
    return f'curl --get {address} -H "Authorization: Bearer $TOKEN" --data-urlencode {asked}'


def _in_utc(query: SearchQuery, now: datetime, zone: tzinfo) -> SearchQuery:
    """Days of the viewer's zone as moments, because the API takes days in UTC."""
    return SearchQuery(tuple(_moment(term, now, zone) if term.key in TIMES else term for term in query.terms))


def _moment(term: Term, now: datetime, zone: tzinfo) -> Term:
    moment = moment_of(term.value, now=now, zone=zone)
    if moment == moment_of(term.value, now=now, zone=UTC) and "-" not in term.value:
        return term  # so long ago: the same everywhere
    return replace(term, value=moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

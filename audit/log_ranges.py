"""Ranges of time and searches that everybody is offered, and the terms of the current one to take away."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from audit.actions import AuditAction
from audit.asked_search import DEFAULT_RANGE, TIMES, AskedSearch, address_of
from audit.search.query import Term
from audit.search.times import canonical_time, next_day
from audit.search.vocabulary import Key

_RANGES = {
    "today": gettext_noop("Today"),
    "24h": gettext_noop("Last 24 hours"),
    "7d": gettext_noop("Last 7 days"),
    "30d": gettext_noop("Last 30 days"),
    "90d": gettext_noop("Last 90 days"),
    "365d": gettext_noop("Last 365 days"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    label: str
    address: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """A term that is searched for, and the list without it."""

    text: str
    address: str
    is_default: bool = False


def chips_of(asked: AskedSearch) -> list[Chip]:
    own = [Chip(str(term), asked.without(term)) for term in asked.query.terms]
    return [*own, Chip(str(DEFAULT_RANGE), asked.within(), True)] if asked.has_default_range else own


def ranges_for(asked: AskedSearch) -> list[Choice]:
    now = _times(asked)
    offered = [
        Choice(_(label), asked.within(term), now == [term])
        for text, label in _RANGES.items()
        for term in [Term(Key.AFTER, text)]
    ]
    return [*offered, Choice(_("All times"), asked.within(), not now)]


def range_in_words(asked: AskedSearch) -> str:
    now = _times(asked)
    current = next((choice.label for choice in ranges_for(asked) if choice.is_current), "")
    return current or " ".join(map(str, now))


def range_between(asked: AskedSearch, first: str, last: str) -> str:
    """The list from one day to another, both included; a day that is none does not count."""
    after, before = canonical_time(first), canonical_time(last)
    terms = [Term(Key.AFTER, after)] if after else []
    return asked.within(*terms, *([Term(Key.BEFORE, next_day(before))] if before else []))


def _times(asked: AskedSearch) -> list[Term]:
    return [term for term in asked.searched.terms if term.key in TIMES]


def _types(*prefixes: str) -> str:
    """So many types as one search takes; the newest ones of the vocabulary do not push the first ones out."""
    return " ".join(f"type:{action}" for action in AuditAction if action.startswith(prefixes))


PRESETS = (
    (gettext_noop("Refusals today"), "outcome:denied after:today"),
    (
        gettext_noop("Changes of apps and providers"),
        _types("TOKEN_EXCHANGE_APP_CREATED", "TOKEN_EXCHANGE_APP_UPDATED", "TOKEN_EXCHANGE_APP_DELETED")
        + " "
        + _types("TOKEN_EXCHANGE_APP_RESTORED", "IDENTITY_PROVIDER_"),
    ),
    (
        gettext_noop("Changes of the organization"),
        _types("ORGANIZATION_UPDATED", "ORGANIZATION_MEMBER_", "SCOPE_", "CONFIGURATION_APPLIED", "ID_TOKEN_POLICY_"),
    ),
    (gettext_noop("Key changes"), _types("TOKEN_EXCHANGE_APP_KEY", "JWKS_")),
    (gettext_noop("Sign-ins"), "type:USER_SIGNED_IN type:USER_SIGN_IN_FAILED"),
    (gettext_noop("Revocations"), "type:ACCESS_TOKEN_REVOKED"),
    (gettext_noop("Exports"), "type:AUDIT_LOG_EXPORT_BEGUN type:AUDIT_LOG_EXPORTED"),
)


def presets() -> list[Choice]:
    return [Choice(_(label), address_of(query)) for label, query in PRESETS]

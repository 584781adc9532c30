"""The keys of a search, and the closed lists some of their values come from."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from audit.actions import AuditAction, Outcome
from audit.search.errors import gettext_noop


class Key(StrEnum):
    TYPE = "type"
    ACTOR = "actor"
    FOR = "for"
    SUBJECT = "subject"
    APP = "app"
    KID = "kid"
    IP = "ip"
    OUTCOME = "outcome"
    REASON = "reason"
    REQUEST = "request"
    TOKEN = "token"
    AFTER = "after"
    BEFORE = "before"


#: Another way to write `after` and `before`: created:>=2026-03-01, created:2026-03-01..2026-03-31.
CREATED = "created"

MEANINGS: dict[str, str] = {
    Key.TYPE: gettext_noop("one of the event types below; capitals do not matter"),
    Key.ACTOR: gettext_noop("who did it: the UUID, or the whole e-mail or name; capitals do not matter"),
    Key.FOR: gettext_noop("for whom: the user a token acts for, like `actor`"),
    Key.SUBJECT: gettext_noop("what was done to, like `actor`"),
    Key.APP: gettext_noop(
        "an app, whether it acted, was changed, or a token of it was revoked: UUID, name or client id"
    ),
    Key.KID: gettext_noop("the `kid` that signed, exactly"),
    Key.IP: gettext_noop("the address it came from, or a network like 10.0.0.0/8 (IPv4 from /8, IPv6 from /32 to /64)"),
    Key.OUTCOME: gettext_noop("`success`, `denied` or `failed`"),
    Key.REASON: gettext_noop(
        "why it was denied or failed, one of the reasons of docs/token-endpoint.md and of sign-in"
    ),
    Key.REQUEST: gettext_noop("the request id an answer carried"),
    Key.TOKEN: gettext_noop("a minted token, by UUID or SHA-256: its mint, its use, its end"),
    Key.AFTER: gettext_noop("at or after a moment: `2026-03-01`, `2026-03-01T12:30Z`, `7d`, `12h`, `today`"),
    Key.BEFORE: gettext_noop("earlier than a moment"),
    CREATED: gettext_noop(
        "another way: `>=`, `>`, `<`, `<=` with a moment, or `2026-03-01..2026-03-31` with both days"
    ),
}

_reasons: set[str] = set()


def register_reasons(reasons: Iterable[str]) -> None:
    """For the packages above, which know why they refuse: called when Django starts."""
    _reasons.update(reasons)


def known_values(key: Key) -> frozenset[str]:
    """The closed list of a key's values; empty where any value may stand."""
    match key:
        case Key.TYPE:
            return frozenset(action.value for action in AuditAction)
        case Key.OUTCOME:
            return frozenset(outcome.value for outcome in Outcome)
        case Key.REASON:
            return frozenset(_reasons)
        case _:
            return frozenset()

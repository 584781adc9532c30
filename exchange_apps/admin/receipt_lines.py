"""A receipt as people read it: every check in words, times as times, what was probably meant, what was not reached."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.moments import in_words
from exchange_apps.domain.near_misses import Hint, near_misses
from exchange_apps.domain.receipt import Check
from exchange_apps.models import ApplicationKey, Organization

LABELS: dict[str, Any] = {
    Check.REQUEST: gettext_lazy("Request"),
    Check.FAILURE_LIMIT: gettext_lazy("Failures of this address"),
    Check.ASSERTION_FORMAT: gettext_lazy("Form of the assertion"),
    Check.CLIENT: gettext_lazy("Known app (iss)"),
    Check.KEY: gettext_lazy("Known key (kid)"),
    Check.SIGNATURE: gettext_lazy("Signature"),
    Check.KEY_SWITCHED_ON: gettext_lazy("Key switched on"),
    Check.ISSUER_AND_SUBJECT: gettext_lazy("Issuer and subject (iss, sub)"),
    Check.CLIENT_ID: gettext_lazy("Parameter client_id"),
    Check.ASSERTION_AUDIENCE: gettext_lazy("Made for this server (aud)"),
    Check.ASSERTION_TIMES: gettext_lazy("Times (iat, exp, nbf)"),
    Check.EXPIRY: gettext_lazy("Not expired (exp)"),
    Check.ISSUED_AT: gettext_lazy("Not from the future (iat)"),
    Check.NOT_BEFORE: gettext_lazy("Valid already (nbf)"),
    Check.ASSERTION_LIFETIME: gettext_lazy("Lifetime of the assertion"),
    Check.JTI: gettext_lazy("Identifier (jti)"),
    Check.PROVIDER: gettext_lazy("Identity provider (iss)"),
    Check.TOKEN_FORMAT: gettext_lazy("Form of the token"),
    Check.ISSUER: gettext_lazy("Issuer (iss)"),
    Check.TOKEN_AUDIENCE: gettext_lazy("Made for this server (aud)"),
    Check.TOKEN_TIMES: gettext_lazy("Times (iat, exp, nbf)"),
    Check.TOKEN_LIFETIME: gettext_lazy("Lifetime of the token"),
    Check.PARENT: gettext_lazy("Token to be made smaller"),
    Check.PROVIDER_ENABLED: gettext_lazy("Identity provider enabled"),
    Check.STATEMENT: gettext_lazy("Trust policy"),
    Check.MODE: gettext_lazy("Mode of the identity provider"),
    Check.APPLICATION_ENABLED: gettext_lazy("App enabled"),
    Check.EXCHANGE_ENABLED: gettext_lazy("Token exchange of the organization"),
    Check.EXCHANGE_LIMIT: gettext_lazy("Exchanges per minute"),
    Check.ADDRESS: gettext_lazy("Caller’s address"),
    Check.TARGET: gettext_lazy("Organization (audience)"),
    Check.SUBJECT: gettext_lazy("Person (subject_token)"),
    Check.SCOPE: gettext_lazy("Scopes (scope)"),
    Check.REPLAY: gettext_lazy("Not used before (jti)"),
}
# What is expected where the receipt itself has nothing to say but yes or no
_EXPECTED: dict[str, Any] = {
    Check.APPLICATION_ENABLED: gettext_lazy("enabled"),
    Check.EXCHANGE_ENABLED: gettext_lazy("switched on"),
    Check.REPLAY: gettext_lazy("an identifier that no exchange used before, or none"),
}
# The checks that every exchange goes through, in order: what comes after a failure was not reached
_ALWAYS = [
    Check.ASSERTION_FORMAT,
    Check.SIGNATURE,
    Check.ISSUER_AND_SUBJECT,
    Check.ASSERTION_AUDIENCE,
    Check.EXPIRY,
    Check.ISSUED_AT,
    Check.ASSERTION_LIFETIME,
    Check.APPLICATION_ENABLED,
    Check.EXCHANGE_ENABLED,
    Check.ADDRESS,
    Check.TARGET,
    Check.SCOPE,
    Check.SUBJECT,
    Check.REPLAY,
]
_ALWAYS_FOR_WORKLOADS = [
    Check.TOKEN_FORMAT,
    Check.PROVIDER,
    Check.SIGNATURE,
    Check.ISSUER,
    Check.TOKEN_AUDIENCE,
    Check.EXPIRY,
    Check.TOKEN_LIFETIME,
    Check.PROVIDER_ENABLED,
    Check.EXCHANGE_ENABLED,
    Check.ADDRESS,
    Check.STATEMENT,
    Check.SCOPE,
    Check.REPLAY,
]
_IN_SECONDS = {Check.EXPIRY, Check.ISSUED_AT, Check.NOT_BEFORE}
_EPOCH = re.compile(r"(?<!\d)\d{9,11}(?!\d)")


@dataclass(frozen=True, slots=True)
class Line:
    """`passed` is None for what was not reached."""

    label: str
    passed: bool | None
    expected: SafeString | str = ""
    seen: SafeString | str = ""
    hints: tuple[str, ...] = ()


def receipt_lines(rows: Iterable[Any], organization_id: Any) -> list[Line]:
    """The lines of a stored or foretold receipt; whatever is no row is left out."""
    known = [row for row in rows if isinstance(row, Mapping)]
    lines = [_line(row, organization_id) for row in known]
    if not known or known[-1].get("passed") is True:
        return lines
    checks = [str(row.get("check")) for row in known]
    if Check.PARENT in checks:
        return lines
    always = _ALWAYS_FOR_WORKLOADS if Check.TOKEN_FORMAT in checks else _ALWAYS
    last = max(_reached(check, always) for check in checks)
    return lines + [Line(str(LABELS[check]), None) for check in always[last + 1 :]]


def _reached(check: str, always: list[Check]) -> int:
    """How far in the order of checks this one is; those that only some exchanges meet stand before their next."""
    if check in always:
        return always.index(Check(check))
    order = list(Check)
    if check in order:
        later = [name for name in always if order.index(name) > order.index(Check(check))]
        return always.index(later[0]) - 1 if later else len(always) - 1
    return -1


def _line(row: Mapping[str, Any], organization_id: Any) -> Line:
    check, passed = str(row.get("check", "")), row.get("passed") is True
    expected, seen = str(row.get("expected", "")), str(row.get("seen", ""))
    hints = () if passed else near_misses(check, expected, seen, aliases=_aliases(check, organization_id))
    label = str(LABELS.get(check, check.replace("_", " ")))
    wanted = _shown(check, expected) if expected else str(_EXPECTED.get(check, ""))
    return Line(label, passed, wanted, _shown(check, seen), tuple(translated(hint) for hint in hints))


def translated(hint: Hint) -> str:
    return _(hint.sentence) % dict(hint.values)


def _shown(check: str, text: str) -> SafeString | str:
    """Seconds since 1970 become times, the number itself on hover."""
    if check not in _IN_SECONDS:
        return text
    pieces: list[tuple[SafeString | str]] = []
    end = 0
    for found in _EPOCH.finditer(text):
        pieces += [(text[end : found.start()],), (time_of(int(found[0])),)]
        end = found.end()
    return format_html_join("", "{}", [*pieces, (text[end:],)])


def time_of(seconds: int) -> SafeString:
    when = datetime.fromtimestamp(seconds, UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', when.isoformat(timespec="seconds"), seconds, in_words(when)
    )


def _aliases(check: str, organization_id: Any) -> dict[str, str]:
    """Names for what is expected, and keys of other apps, within the organization."""
    if check == Check.TARGET:
        rows = Organization.objects.filter(pk=organization_id)
        return {name: slug for name, slug in rows.values_list("name", "slug") if name != slug}
    if check == Check.KEY:
        keys = ApplicationKey.objects.filter(application__organization_id=organization_id)
        return dict(keys.values_list("kid", "application__name")[:500])
    return {}

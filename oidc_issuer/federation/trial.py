"""Whether a target would accept a token under the generated trust: every condition, met or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.conditions import ABSENT, Condition, Row, row_of, shown
from oidc_issuer.federation.target import Target
from oidc_issuer.federation.trust import Trust


def trial(target: Target, trust: Trust, header: Mapping[str, Any], claims: Mapping[str, Any], *, now: int) -> list[Row]:
    """In the order in which relying parties check. `now` in seconds; the signature is another matter."""
    algorithms = Condition("alg", target.algorithms)
    return [
        Row(_("Algorithm (alg)"), algorithms.holds(header.get("alg")), algorithms.expected(), shown(header.get("alg"))),
        Row(_("Key named (kid)"), bool(header.get("kid")), "", shown(header.get("kid", ABSENT))),
        _named(_("Issuer (iss)"), Condition("iss", (trust.issuer,)), claims),
        *_times(target, claims, now),
        _named(_("Audience (aud)"), Condition("aud", (trust.audience,)), claims),
        *target.tests(trust, claims),
    ]


def _named(name: str, condition: Condition, claims: Mapping[str, Any]) -> Row:
    found = row_of(condition, claims)
    return Row(name, found.passed, found.expected, found.seen)


def _times(target: Target, claims: Mapping[str, Any], now: int) -> Iterator[Row]:
    leeway = target.clock_leeway
    expires, begins = claims.get("exp", ABSENT), claims.get("nbf", claims.get("iat", ABSENT))
    good = type(expires) is int and expires + leeway > now
    yield Row(_("Not expired (exp)"), good, f"after {now}", _moment(expires, now))
    good = type(begins) is int and begins - leeway <= now
    yield Row(_("Valid already (nbf)"), good, f"not after {now}", _moment(begins, now))


def _moment(value: object, now: int) -> str:
    if type(value) is not int:
        return shown(value)
    return f"{value}, {abs(value - now)} s {'ahead' if value > now else 'ago'}"

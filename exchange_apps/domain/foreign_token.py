"""The rules of somebody else's ID token whose signature holds (RFC 7519 section 4.1, RFC 7523 section 3).

Which claims make it trusted is the policy's business; here is what every token must be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn, TypeGuard

from exchange_apps.domain.client_assertion import MOST_JTI_BYTES
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.lifetimes import CLOCK_LEEWAY, LONGEST_FOREIGN_TOKEN
from exchange_apps.domain.receipt import Check, Receipt

_MOST_SECONDS = 2**53
Refuse = Callable[..., NoReturn]


@dataclass(frozen=True, slots=True)
class ForeignToken:
    """What an issuer said, proven by one of its keys. Only `jose.verify_foreign_token` makes one."""

    key_id: str
    algorithm: str
    claims: dict[str, Any]

    @property
    def expires_at(self) -> int:
        """In seconds since the epoch, rounded up."""
        expires_at: int | float = self.claims["exp"]
        return math.ceil(expires_at)

    @property
    def jti(self) -> str | None:
        return self.claims.get("jti")

    @property
    def principal(self) -> str:
        """The workload's name: its subject, as far as it has one."""
        subject = self.claims.get("sub")
        return subject if isinstance(subject, str) and subject else "a workload without a name"


def check_foreign_token(
    token: ForeignToken,
    *,
    issuer: str,
    audiences: tuple[str, ...],
    now: float,
    refusal: type[OAuthError],
    receipt: Receipt,
) -> None:
    """Check every claim in order; raises `refusal` at the first that does not hold."""
    refuse: Refuse = partial(_refuse, receipt, refusal)
    _check_issuer(token.claims, issuer, receipt, refuse)
    _check_audience(token.claims, audiences, receipt, refuse)
    _check_times(token.claims, now, receipt, refuse)
    _check_jti(token.claims, receipt, refuse)


def _refuse(
    receipt: Receipt, refusal: type[OAuthError], check: Check, reason: DenialReason, expected: object, seen: object
) -> NoReturn:
    receipt.refused(check, refusal, reason, expected=expected, seen=seen)


def _check_issuer(claims: dict[str, Any], issuer: str, receipt: Receipt, refuse: Refuse) -> None:
    seen = claims.get("iss", "no iss claim")
    if seen != issuer:
        refuse(Check.ISSUER, DenialReason.TOKEN_ISSUER, issuer, seen)
    receipt.passed(Check.ISSUER, issuer, issuer)


def _check_audience(claims: dict[str, Any], audiences: tuple[str, ...], receipt: Receipt, refuse: Refuse) -> None:
    seen, expected = claims.get("aud", "no aud claim"), " or ".join(audiences)
    named = seen if isinstance(seen, list) else [seen]
    met = next((audience for audience in audiences if audience in named), None)
    if met is None:
        shown = ", ".join(map(str, named[:10])) if isinstance(seen, list) else seen
        refuse(Check.TOKEN_AUDIENCE, DenialReason.TOKEN_AUDIENCE, expected, shown)
    receipt.passed(Check.TOKEN_AUDIENCE, met, expected)


def _check_times(claims: dict[str, Any], now: float, receipt: Receipt, refuse: Refuse) -> None:
    expires_at, issued_at, not_before = claims.get("exp"), claims.get("iat"), claims.get("nbf")
    if not _is_moment(expires_at) or not all(
        moment is None or _is_moment(moment) for moment in (issued_at, not_before)
    ):
        seen = f"iat={issued_at!r} exp={expires_at!r} nbf={not_before!r}"
        refuse(Check.TOKEN_TIMES, DenialReason.TOKEN_TIMES_MALFORMED, "numbers, exp present", seen)
    moment = int(now)
    later, at_most = f"later than {moment} (the time here)", f"at most {moment} (the time here) and {CLOCK_LEEWAY} s"
    if expires_at <= now - CLOCK_LEEWAY:
        seen = f"{int(expires_at)}, {moment - int(expires_at)} s ago"
        refuse(Check.EXPIRY, DenialReason.TOKEN_EXPIRED, later, seen)
    receipt.passed(Check.EXPIRY, int(expires_at), later)
    for value, check, reason in (
        (issued_at, Check.ISSUED_AT, DenialReason.TOKEN_ISSUED_IN_FUTURE),
        (not_before, Check.NOT_BEFORE, DenialReason.TOKEN_NOT_YET_VALID),
    ):
        if value is None:
            continue
        if value > now + CLOCK_LEEWAY:
            refuse(check, reason, at_most, f"{int(value)}, {int(value) - moment} s ahead")
        receipt.passed(check, int(value), at_most)
    began = now - CLOCK_LEEWAY if issued_at is None else issued_at
    lifetime, bounds = expires_at - began, f"1 to {LONGEST_FOREIGN_TOKEN} s"
    if not 0 < lifetime <= LONGEST_FOREIGN_TOKEN:
        refuse(Check.TOKEN_LIFETIME, DenialReason.TOKEN_LIFETIME, bounds, f"{int(lifetime)} s")
    receipt.passed(Check.TOKEN_LIFETIME, f"{int(lifetime)} s", bounds)


def _is_moment(value: object) -> TypeGuard[int | float]:
    # NumericDate may have a fraction (RFC 7519 section 2). A bool is an int in Python but no time; NaN is not <= either
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST_SECONDS


def _check_jti(claims: dict[str, Any], receipt: Receipt, refuse: Refuse) -> None:
    jti, expected = claims.get("jti"), f"1 to {MOST_JTI_BYTES} bytes"
    if jti is None:  # absent, or null as some issuers write what they do not have
        return
    if not isinstance(jti, str) or not 0 < len(jti.encode("utf-8", "surrogatepass")) <= MOST_JTI_BYTES:
        seen = f"{len(jti)} characters" if isinstance(jti, str) else type(jti).__name__
        refuse(Check.JTI, DenialReason.TOKEN_JTI_MALFORMED, expected, seen)
    receipt.passed(Check.JTI, "present", expected)

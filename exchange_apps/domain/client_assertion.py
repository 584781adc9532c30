"""The rules of a client assertion whose signature holds (RFC 7523 section 3, RFC 7519 section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient
from exchange_apps.domain.lifetimes import CLOCK_LEEWAY
from exchange_apps.domain.receipt import Check, Receipt

MOST_JTI_BYTES = 255
_MOST_SECONDS = 2**53  # 285 million years; beyond it JSON numbers differ from parser to parser (RFC 8259 section 6)


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """What a proven key holder said. Only `jose.verify_client_assertion` makes one.

    Times are in seconds since the epoch.
    """

    client_id: str
    key_id: str
    algorithm: str
    claims: dict[str, Any]

    @property
    def expires_at(self) -> int:
        return int(self.claims["exp"])

    @property
    def jti(self) -> str | None:
        return self.claims.get("jti")


@dataclass(frozen=True, slots=True)
class AssertionRules:
    """What an application and its organization demand of an assertion. `max_lifetime` is in seconds."""

    accepted_audiences: tuple[str, ...]
    max_lifetime: int
    require_jti: bool


def check_claims(assertion: ClientAssertion, rules: AssertionRules, *, now: float, receipt: Receipt) -> None:
    """Check every claim in order; raises InvalidClient at the first that does not hold."""
    claims = assertion.claims
    _check_subject(claims, receipt)
    _check_audience(claims, rules, receipt)
    _check_times(claims, rules, now, receipt)
    _check_jti(claims, rules, receipt)


def _check_subject(claims: dict[str, Any], receipt: Receipt) -> None:
    if claims.get("sub") != claims["iss"]:
        receipt.refused(
            Check.ISSUER_AND_SUBJECT,
            InvalidClient,
            DenialReason.ASSERTION_SUBJECT,
            expected=claims["iss"],
            seen=claims.get("sub", "no sub claim"),
        )
    receipt.passed(Check.ISSUER_AND_SUBJECT, claims["iss"], "sub equal to iss")


def _check_audience(claims: dict[str, Any], rules: AssertionRules, receipt: Receipt) -> None:
    audience, expected = claims.get("aud", "no aud claim"), " or ".join(rules.accepted_audiences)
    if isinstance(audience, list) and len(audience) == 1:
        audience = audience[0]
    if not isinstance(audience, str) or audience not in rules.accepted_audiences:
        receipt.refused(
            Check.ASSERTION_AUDIENCE,
            InvalidClient,
            DenialReason.ASSERTION_AUDIENCE,
            expected=expected,
            seen=audience,
        )
    receipt.passed(Check.ASSERTION_AUDIENCE, audience, expected)


def _check_times(claims: dict[str, Any], rules: AssertionRules, now: float, receipt: Receipt) -> None:
    issued_at, expires_at = claims.get("iat"), claims.get("exp")
    not_before = claims.get("nbf", 0)
    if not (_is_moment(issued_at) and _is_moment(expires_at) and _is_moment(not_before)):
        receipt.refused(
            Check.ASSERTION_TIMES,
            InvalidClient,
            DenialReason.ASSERTION_TIMES_MALFORMED,
            expected="integers, iat and exp present",
            seen=f"iat={issued_at!r} exp={expires_at!r} nbf={claims.get('nbf')!r}",
        )
    moment = int(now)
    later = f"later than {moment} (the time here)"
    if expires_at <= now - CLOCK_LEEWAY:
        receipt.refused(
            Check.EXPIRY,
            InvalidClient,
            DenialReason.ASSERTION_EXPIRED,
            expected=later,
            seen=f"{expires_at}, {moment - expires_at} s ago",
        )
    receipt.passed(Check.EXPIRY, expires_at, later)
    at_most = f"at most {moment} (the time here) and {CLOCK_LEEWAY} s"
    if issued_at > now + CLOCK_LEEWAY:
        receipt.refused(
            Check.ISSUED_AT,
            InvalidClient,
            DenialReason.ASSERTION_ISSUED_IN_FUTURE,
            expected=at_most,
            seen=f"{issued_at}, {issued_at - moment} s ahead",
        )
    receipt.passed(Check.ISSUED_AT, issued_at, at_most)
    if not_before > now + CLOCK_LEEWAY:
        receipt.refused(
            Check.NOT_BEFORE,
            InvalidClient,
            DenialReason.ASSERTION_NOT_YET_VALID,
            expected=at_most,
            seen=f"{not_before}, {not_before - moment} s ahead",
        )
    if not_before:
        receipt.passed(Check.NOT_BEFORE, not_before, at_most)
    lifetime, bounds = expires_at - issued_at, f"1 to {rules.max_lifetime} s"
    if not 0 < lifetime <= rules.max_lifetime:
        receipt.refused(
            Check.ASSERTION_LIFETIME,
            InvalidClient,
            DenialReason.ASSERTION_LIFETIME,
            expected=bounds,
            seen=f"{lifetime} s",
        )
    receipt.passed(Check.ASSERTION_LIFETIME, f"{lifetime} s", bounds)


def _is_moment(value: object) -> TypeGuard[int]:
    # bool is an int in Python, and a float loses seconds: neither is a NumericDate here
    return type(value) is int and abs(value) <= _MOST_SECONDS


def _check_jti(claims: dict[str, Any], rules: AssertionRules, receipt: Receipt) -> None:
    jti = claims.get("jti")
    if "jti" not in claims:
        if rules.require_jti:
            receipt.refused(
                Check.JTI, InvalidClient, DenialReason.ASSERTION_JTI_MISSING, expected="a jti claim", seen="none"
            )
        return
    if not isinstance(jti, str) or not jti or len(jti.encode("utf-8", "surrogatepass")) > MOST_JTI_BYTES:
        seen = f"{len(jti.encode('utf-8', 'surrogatepass'))} bytes" if isinstance(jti, str) else type(jti).__name__
        receipt.refused(
            Check.JTI,
            InvalidClient,
            DenialReason.ASSERTION_JTI_MALFORMED,
            expected=f"1 to {MOST_JTI_BYTES} bytes",
            seen=seen,
        )
    receipt.passed(Check.JTI, "present", f"1 to {MOST_JTI_BYTES} bytes")

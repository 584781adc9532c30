"""What an ID token must say before somebody is signed in by it (OpenID Connect Core 3.1.3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEEWAY = 30
"""Seconds that clocks may differ."""


class IDTokenRefused(Exception):
    """Its text is the reason's code, for the log."""


def check_id_token(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: float,
    signed_in_since: float | None = None,
) -> str:
    """The subject. `signed_in_since`: the person must have signed in at the provider after that moment.

    Raises IDTokenRefused. The signature is checked before.
    """
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    rules = (
        (claims.get("iss") == issuer, "id_token_issuer"),
        (client_id in audiences, "id_token_audience"),
        (claims.get("azp", client_id) == client_id, "id_token_audience"),
        (len(audiences) == 1 or "azp" in claims, "id_token_audience"),
        (_is_time(claims.get("exp")) and claims["exp"] > now - LEEWAY, "id_token_expired"),
        (_is_time(claims.get("iat")) and claims["iat"] < now + LEEWAY, "id_token_too_early"),
        (claims.get("nonce") == nonce, "id_token_nonce"),
        (bool(claims.get("sub")) and isinstance(claims.get("sub"), str), "id_token_subject"),
    )
    for holds, reason in rules:
        if not holds:
            raise IDTokenRefused(reason)
    if signed_in_since is not None:
        signed_in = claims.get("auth_time")
        if not _is_time(signed_in) or signed_in < signed_in_since - LEEWAY:  # type: ignore[operator]
            raise IDTokenRefused("id_token_not_recent")
    return str(claims["sub"])


def verified_email(claims: Mapping[str, Any]) -> str:
    """The e-mail address, if the provider says that it has verified it. Raises IDTokenRefused."""
    email = claims.get("email")
    if not isinstance(email, str) or "@" not in email:
        raise IDTokenRefused("email_missing")
    if claims.get("email_verified") is not True:
        raise IDTokenRefused("email_not_verified")
    return email.lower()


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

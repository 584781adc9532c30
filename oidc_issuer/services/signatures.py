"""Signing with the key that is active, and what the world is told about our keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from exchange_apps.services.audited_changes import Author
from oidc_issuer.keys import JWKS_MAX_AGE, KeyState
from oidc_issuer.models import SigningKey
from oidc_issuer.services.signing_keys import tend_signing_keys
from oidc_issuer.signing import PrivateHalf, sign_compact

_BY_ITSELF = RequestOrigin(None, "", "", "SystemContext")


class NoSigningKey(Exception):
    """The active key was revoked, and the next one has not been published for long enough. It may sign from then on."""

    def __init__(self, usable_from: datetime | None) -> None:
        super().__init__(f"no key may sign before {usable_from}")
        self.usable_from = usable_from


def active_key(algorithm: str, *, now: datetime) -> SigningKey:
    """The key that signs now. It is asked for anew each time, so that a revoked key signs nothing more.

    Where there is none, what is due is done first: on a new installation nobody had to prepare anything. `now` must
    be read before, and be the token's `iat`: what a key signed is reckoned from its retirement. Raises NoSigningKey.
    """
    key = SigningKey.objects.of(algorithm, KeyState.ACTIVE)
    if key is None:
        tend_signing_keys(author=Author(SYSTEM, _BY_ITSELF, now))
        key = SigningKey.objects.of(algorithm, KeyState.ACTIVE)
    if key is None:
        following = SigningKey.objects.of(algorithm, KeyState.NEXT)
        raise NoSigningKey(following.usable_from if following else None)
    return key


def sign(payload: bytes, *, algorithm: str, typ: str | None, now: datetime) -> tuple[str, str]:
    """The compact JWS, and the id of the key that signed. Raises NoSigningKey, UnreadablePrivateKey."""
    key = active_key(algorithm, now=now)
    return sign_compact(PrivateHalf.of(key), payload, typ=typ), key.kid


def published_keys(now: datetime) -> tuple[dict[str, Any], int]:
    """Our JWKS, and for how many seconds it may be kept: an empty one never, since the first key signs at once."""
    keys = [key.public_jwk for key in SigningKey.objects.published(now)]
    return {"keys": keys}, int(JWKS_MAX_AGE.total_seconds()) if keys else 0

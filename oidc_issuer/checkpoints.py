"""Signatures under the audit log's checkpoints, and the keys to check them with, for ever."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from oidc_issuer.models import SigningKey
from oidc_issuer.services import signatures

ALGORITHM = "ES256"  # small, and many are kept


def sign(payload: bytes, *, typ: str) -> str:
    """A compact JWS over `payload` whose header holds `alg`, `kid` and `typ`.

    `typ` keeps a checkpoint from being taken for anything else that these keys sign. Raises NoSigningKey,
    UnreadablePrivateKey.
    """
    return signatures.sign(payload, algorithm=ALGORITHM, typ=typ, now=timezone.now())[0]


def public_keys() -> dict[str, Any]:
    """The JWKS of every key that ever signed checkpoints, oldest first.

    Times stand in it as in OpenID Federation's historical keys: `nbf` and `exp` from when to when a key signed, and
    `revoked` since when its signatures prove nothing.
    """
    return {"keys": [_with_times(key) for key in SigningKey.objects.that_ever_signed(ALGORITHM)]}


def _with_times(key: SigningKey) -> dict[str, Any]:
    members: dict[str, Any] = dict(key.public_jwk)
    if key.activated_at is not None:
        members["nbf"] = int(key.activated_at.timestamp())
    if key.retired_at is not None:
        members["exp"] = int(key.retired_at.timestamp())
    if key.revoked_at is not None:
        members["revoked"] = {"revoked_at": int(key.revoked_at.timestamp())}
    return members

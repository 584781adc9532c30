"""Real keys, generated when the tests run, and assertions signed with them."""

from __future__ import annotations

import time
import uuid
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def private_key(name: str, algorithm: str = "RS256") -> PrivateKey:
    """One key for each name and algorithm: generating RSA keys is slow."""
    return _generated(name, algorithm)


@cache
def _generated(name: str, algorithm: str) -> PrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_jwk(name: str, algorithm: str = "RS256", kid: str | None = None) -> dict[str, Any]:
    public = private_key(name, algorithm).public_key()
    members = (
        ECAlgorithm.to_jwk(public, as_dict=True)
        if isinstance(public, ec.EllipticCurvePublicKey)
        else RSAAlgorithm.to_jwk(public, as_dict=True)
    )
    members.pop("key_ops", None)
    return members | {"kid": kid or name, "use": "sig", "alg": algorithm}


def jwks(*names: str, algorithm: str = "RS256") -> dict[str, Any]:
    return {"keys": [public_jwk(name, algorithm) for name in names]}


ABSENT = object()


def sign_assertion(
    client_id: str,
    *,
    key: str = "deploy-1",
    algorithm: str = "RS256",
    headers: dict[str, Any] | None = None,
    now: float | None = None,
    **claims: Any,
) -> str:
    """A good assertion, with `claims` changed; the value ABSENT leaves a claim out."""
    issued_at = int(now if now is not None else time.time())
    payload = {
        "iss": client_id,
        "sub": client_id,
        "aud": "http://localhost:8000/oauth/token",
        "iat": issued_at,
        "exp": issued_at + 300,
        "jti": str(uuid.uuid4()),
    }
    payload = {name: value for name, value in (payload | claims).items() if value is not ABSENT}
    return jwt.encode(payload, private_key(key, algorithm), algorithm, headers={"kid": key} | (headers or {}))

"""Real keys, generated when the tests run, and assertions signed with them."""

from __future__ import annotations

import base64
import json
import time
import uuid
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
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


def certificate(name: str, end: datetime, algorithm: str = "RS256") -> x509.Certificate:
    """Of this key, signed by itself, good for the year before `end`."""
    key, subject = private_key(name, algorithm), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    unsigned = x509.CertificateBuilder(
        subject, subject, key.public_key(), x509.random_serial_number(), end - timedelta(days=365), end
    )
    return unsigned.sign(key, hashes.SHA256())


def jwks(*names: str, algorithm: str = "RS256") -> dict[str, Any]:
    return {"keys": [public_jwk(name, algorithm) for name in names]}


class _Absent:
    """Leaves a parameter or claim out. Its name is the same in every process: test ids are made of it."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT = _Absent()


def good_claims(client_id: str, *, now: float | None = None, **claims: Any) -> dict[str, Any]:
    """The claims of a good assertion, with changes; the value ABSENT leaves a claim out."""
    issued_at = int(now if now is not None else time.time())
    payload = {
        "iss": client_id,
        "sub": client_id,
        "aud": "http://localhost:8000/oauth/token",
        "iat": issued_at,
        "exp": issued_at + 300,
        "jti": str(uuid.uuid4()),
    }
    return {name: value for name, value in (payload | claims).items() if value is not ABSENT}


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
    payload = good_claims(client_id, now=now, **claims)
    return jwt.encode(payload, private_key(key, algorithm), algorithm, headers={"kid": key} | (headers or {}))


def base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def as_octets(part: Any) -> bytes:
    """Bytes stay, text is encoded, anything else becomes JSON."""
    if isinstance(part, bytes):
        return part
    return part.encode("utf-8", "surrogatepass") if isinstance(part, str) else json.dumps(part).encode()


def sign_parts(header: Any, payload: Any, *, key: str = "deploy-1", algorithm: str = "RS256") -> str:
    """A compact JWS with a genuine signature over whatever header and payload are given: values, text or bytes."""
    signing_input = f"{base64url(as_octets(header))}.{base64url(as_octets(payload))}"
    signer = ECAlgorithm(ECAlgorithm.SHA256) if algorithm == "ES256" else RSAAlgorithm(RSAAlgorithm.SHA256)
    signature = signer.sign(signing_input.encode(), private_key(key, algorithm))  # type: ignore[arg-type]
    return f"{signing_input}.{base64url(signature)}"

"""Making key pairs and signatures: the only module here that imports `jwt` and `cryptography`.

Private keys rest encrypted with the first of ENCRYPTION_KEYS; all of them decrypt. A process keeps a private key it has
loaded, under its id; which key signs is asked of the database every time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from django.conf import settings
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from exchange_apps.domain.key_material import thumbprint
from oidc_issuer.models import SigningKey

_RSA_BITS = 2048
_ALGORITHMS: dict[str, Any] = {
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
}


class UnreadablePrivateKey(Exception):
    """None of ENCRYPTION_KEYS opens a private key."""

    def __init__(self, kid: str) -> None:
        super().__init__(
            f"None of ENCRYPTION_KEYS opens the private key of {kid}. "
            f"Add the one it was encrypted with, or give it up: manage.py rotate_signing_keys --revoke {kid}"
        )


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key pair as it is stored."""

    kid: str
    public_jwk: dict[str, str]
    encrypted_private_key: str = field(repr=False)


def generate_key_pair(algorithm: str) -> KeyPair:
    """RSA of 2048 bits for RS256, P-256 for ES256. The key id is the thumbprint (RFC 7638)."""
    key = _new_private_key(algorithm)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        jwk: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        members = {name: jwk[name] for name in ("kty", "crv", "x", "y")}
    else:
        jwk = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        members = {name: jwk[name] for name in ("kty", "n", "e")}
    kid = thumbprint(members)
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    public = {"kty": members["kty"], "kid": kid, "use": "sig", "alg": algorithm, **members}
    return KeyPair(kid, public, _fernet().encrypt(private).decode("ascii"))


def _new_private_key(algorithm: str) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)


@dataclass(frozen=True, slots=True)
class PrivateHalf:
    """What of a key it takes to sign."""

    kid: str
    algorithm: str
    encrypted: str = field(repr=False)

    @classmethod
    def of(cls, key: SigningKey) -> PrivateHalf:
        return cls(key.kid, key.algorithm, key.encrypted_private_key or "")


def sign_compact(half: PrivateHalf, payload: bytes, *, typ: str | None) -> str:
    """A compact JWS (RFC 7515 section 7.1) with `alg`, `kid` and, unless None, `typ`. Raises UnreadablePrivateKey."""
    signed = _header(half.algorithm, half.kid, typ) + b"." + base64url_encode(payload)
    signature = _ALGORITHMS[half.algorithm].sign(signed, _private_key(half))
    return (signed + b"." + base64url_encode(signature)).decode("ascii")


def encrypted_anew(key: SigningKey) -> str | None:
    """The private half under the first of ENCRYPTION_KEYS; None where it is. Raises UnreadablePrivateKey."""
    encrypted = (key.encrypted_private_key or "").encode("ascii")
    try:
        Fernet(settings.ENCRYPTION_KEYS[0]).decrypt(encrypted)
    except InvalidToken:
        pass
    else:
        return None
    try:
        return _fernet().rotate(encrypted).decode("ascii")
    except InvalidToken:
        raise UnreadablePrivateKey(key.kid) from None


@lru_cache(maxsize=16)
def _header(algorithm: str, kid: str, typ: str | None) -> bytes:
    members = {"alg": algorithm, "kid": kid} | ({"typ": typ} if typ else {})
    return base64url_encode(json.dumps(members, separators=(",", ":")).encode())


@lru_cache(maxsize=4)
def _private_key(half: PrivateHalf) -> Any:
    try:
        return load_der_private_key(_fernet().decrypt(half.encrypted.encode("ascii")), None)
    except InvalidToken:
        raise UnreadablePrivateKey(half.kid) from None


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])

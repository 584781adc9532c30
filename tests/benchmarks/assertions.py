"""Client assertions (RFC 7523), each with its own ``jti``, signed before they are measured with."""

import base64
import json
import multiprocessing
import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

#: Seconds an assertion is good for: the longest the product allows, so that one pool serves a whole run.
LIFETIME = 3600
#: Assertions signed in one task of a signing process.
CHUNK = 250

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def b64url(raw: bytes) -> str:
    """Encode as base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class SigningKey:
    """A private key of one algorithm, RS256 (RSA 2048) or ES256, and its public half as a JWK."""

    def __init__(self, algorithm: str) -> None:
        self.algorithm = algorithm
        self.kid = f"bench-{algorithm.lower()}"
        self.private: PrivateKey = (
            rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())
        )

    def pem(self) -> bytes:
        """Return the private key for the signing processes of this run; it is never written to disk."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def public_jwk(self) -> dict[str, str]:
        """Return the public half as a JWK (RFC 7517)."""
        common = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if isinstance(self.private, rsa.RSAPrivateKey):
            rsa_numbers = self.private.public_key().public_numbers()
            modulus, exponent = rsa_numbers.n.to_bytes(256, "big"), rsa_numbers.e.to_bytes(3, "big")
            return {"kty": "RSA", "n": b64url(modulus), "e": b64url(exponent)} | common
        point = self.private.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return {"kty": "EC", "crv": "P-256", "x": b64url(x), "y": b64url(y)} | common


@cache
def _load(pem: bytes) -> PrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key


def sign_raw(key: PrivateKey, message: bytes) -> bytes:
    """Sign as JWS wants it: PKCS #1 v1.5 for RS256, the two numbers side by side for ES256."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    r, s = utils.decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign_assertions(pem: bytes, algorithm: str, kid: str, client_id: str, audience: str, count: int) -> list[str]:
    """Return ``count`` fresh assertions; runs in a signing process."""
    key = _load(pem)
    header = b64url(json.dumps({"alg": algorithm, "kid": kid, "typ": "JWT"}).encode())
    now = int(time.time())
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + LIFETIME}
    signed = []
    for _ in range(count):
        body = f"{header}.{b64url(json.dumps(claims | {'jti': secrets.token_urlsafe(16)}).encode())}"
        signed.append(f"{body}.{b64url(sign_raw(key, body.encode()))}")
    return signed


class AssertionPool:
    """All assertions of one run. Systems remember for themselves, so each may use the pool from its start."""

    def __init__(self, client_id: str, audience: str) -> None:
        self.client_id, self.audience = client_id, audience
        self.keys = {algorithm: SigningKey(algorithm) for algorithm in ("RS256", "ES256")}
        self._signed: dict[str, list[str]] = {algorithm: [] for algorithm in self.keys}
        self._signers = ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"))

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """Return the key set under which every system registers the one client."""
        return {"keys": [key.public_jwk() for key in self.keys.values()]}

    def ensure(self, algorithm: str, count: int) -> None:
        """Sign until the pool holds ``count`` assertions, some 1,500 RS256 a second and core; then idle."""
        signed, key = self._signed[algorithm], self.keys[algorithm]
        tasks = range(max(0, -(-(count - len(signed)) // CHUNK)))
        arguments = (key.pem(), algorithm, key.kid, self.client_id, self.audience, CHUNK)
        for future in [self._signers.submit(sign_assertions, *arguments) for _ in tasks]:
            signed.extend(future.result())

    def read(self, algorithm: str, start: int) -> Iterator[str]:
        """Yield the signed assertions from number ``start`` on; ends where the pool ends."""
        signed = self._signed[algorithm]
        return (signed[number] for number in range(start, len(signed)))

    def close(self) -> None:
        """End the signing processes."""
        self._signers.shutdown()

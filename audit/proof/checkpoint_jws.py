"""Checkpoints: what the issuer signed about a span of one chain, as a compact JWS (RFC 7515), and reading it back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

CHECKPOINT_TYPE = "audit-checkpoint+jws"
MEMBERS = {"version", "organization", "from", "to", "head", "root", "time", "previous"}


class BadSignature(ValueError):
    """The checkpoint is not what was signed, or never was one."""


class UnknownKey(ValueError):
    """The key that signed is not among the published ones."""


def checkpoint_digest(jws: str) -> str:
    """How the next checkpoint names this one: SHA-256 over the compact JWS, in hex."""
    return sha256(jws.encode()).hexdigest()


class CheckpointKeys:
    """The published keys (a JWKS) by their key ids."""

    def __init__(self, jwks: Mapping[str, Any]) -> None:
        self._keys = {str(jwk.get("kid")): _public_key(jwk) for jwk in jwks["keys"]}
        self._revoked = {str(jwk["kid"]): jwk["revoked"]["revoked_at"] for jwk in jwks["keys"] if "revoked" in jwk}

    def open(self, jws: str) -> dict[str, Any]:
        """The payload of a checkpoint whose signature holds."""
        try:
            signed, _, signature_part = jws.rpartition(".")
            header, payload = (json.loads(_decoded(part)) for part in signed.split("."))
            signature = _decoded(signature_part)
        except (ValueError, binascii.Error) as error:
            raise BadSignature("no compact JWS") from error
        if not isinstance(header, dict) or header.get("typ") != CHECKPOINT_TYPE or "crit" in header:
            raise BadSignature("signed as something else than a checkpoint")
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise UnknownKey(f"key {header.get('kid')} is not among the published ones")
        try:
            _check(key, header.get("alg"), signature, signed.encode())
        except InvalidSignature as error:
            raise BadSignature("the signature does not hold") from error
        if not isinstance(payload, dict) or not payload.keys() >= MEMBERS or payload["version"] != 1:
            raise BadSignature("no checkpoint of version 1")
        revoked_at = self._revoked.get(str(header["kid"]))
        if revoked_at is not None and datetime.fromisoformat(payload["time"]).timestamp() >= revoked_at:
            raise BadSignature(f"signed after key {header['kid']} was revoked")
        return payload


def unverified_payload(jws: str) -> dict[str, Any] | None:
    """What a checkpoint says, whoever wrote it; for finding one's place behind it only."""
    try:
        payload = json.loads(_decoded(jws.split(".")[1]))
        return payload if {"from", "to", "head"} <= payload.keys() and isinstance(payload["to"], int) else None
    except (ValueError, IndexError, AttributeError):
        return None


def _check(key: Any, algorithm: Any, signature: bytes, signed: bytes) -> None:
    if algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 64:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    elif algorithm == "RS256" and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), SHA256())
    else:
        raise InvalidSignature


def _public_key(jwk: Mapping[str, Any]) -> Any:
    """The key itself; None for kinds that never sign checkpoints."""
    if jwk.get("kty") == "EC" and jwk.get("crv") == "P-256":
        return ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1()).public_key()
    if jwk.get("kty") == "RSA":
        return rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
    return None


def _number(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)

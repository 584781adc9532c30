"""Signatures: the only module here that imports `jwt`.

PyJWT does the cryptography. Which algorithm is used follows from the key, never from the token alone; keys a token
brings along (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
"""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import Algorithm, ECAlgorithm, RSAAlgorithm

from exchange_apps.domain.client_assertion import ClientAssertion
from exchange_apps.domain.compact_jws import CompactJWS, MalformedJWS
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient
from exchange_apps.domain.jwk import JWKSet, PublicJWK
from exchange_apps.domain.receipt import Check, Receipt

ALGORITHMS: dict[str, Algorithm] = {
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
}

_CLIENT_ID = re.compile(r"[0-9a-f]{20}")
_SIGNATURE_BYTES = {"ES256": 64}


def parse_client_assertion(text: str, receipt: Receipt) -> CompactJWS:
    """Take the assertion apart. Nothing in it is believed yet. Raises InvalidClient (ASSERTION_MALFORMED)."""
    try:
        jws = CompactJWS.parse(text)
    except MalformedJWS as error:
        receipt.refused(Check.ASSERTION_FORMAT, InvalidClient, DenialReason.ASSERTION_MALFORMED, seen=str(error))
    header = jws.unverified_header
    algorithm = header.get("alg")  # anything JSON can hold: a list would not even be hashable
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not isinstance(header.get("kid", ""), str):
        receipt.refused(
            Check.ASSERTION_FORMAT,
            InvalidClient,
            DenialReason.ASSERTION_MALFORMED,
            expected=f"alg {' or '.join(ALGORITHMS)}, kid absent or a string",
            seen=f"alg {algorithm!r}",
        )
    receipt.passed(Check.ASSERTION_FORMAT, algorithm)
    return jws


def unverified_client_id(jws: CompactJWS) -> str | None:
    """The client the assertion claims to be of, when it has the shape of a client id at all."""
    issuer = jws.unverified_claims.get("iss")
    return issuer if isinstance(issuer, str) and _CLIENT_ID.fullmatch(issuer) else None


def verify_client_assertion(jws: CompactJWS, keys: JWKSet | None, receipt: Receipt) -> ClientAssertion:
    """The proven assertion; raises InvalidClient.

    Without keys (an unknown client) the same work is done against a key of ours and fails, so that the time taken
    does not tell strangers which clients exist.
    """
    algorithm = jws.unverified_header["alg"]
    key_id = jws.unverified_header.get("kid")
    candidates = () if keys is None else keys.candidates(key_id, algorithm)
    if not candidates:
        _verifies(jws, _decoy_key(algorithm), algorithm)
        if keys is None:
            receipt.refused(Check.CLIENT, InvalidClient, DenialReason.CLIENT_UNKNOWN)
        receipt.refused(
            Check.KEY,
            InvalidClient,
            DenialReason.KEY_UNKNOWN,
            expected=f"one of: {', '.join(key.kid for key in keys.keys)}",
            seen=f"kid {key_id!r} for {algorithm}",
        )
    for key in candidates:
        if _verifies(jws, public_key(key), algorithm):
            receipt.passed(Check.SIGNATURE, f"{algorithm} by {key.kid}")
            return ClientAssertion(jws.unverified_claims["iss"], key.kid, algorithm, jws.unverified_claims)
    receipt.refused(
        Check.SIGNATURE,
        InvalidClient,
        DenialReason.SIGNATURE_INVALID,
        expected=f"a signature by {', '.join(key.kid for key in candidates)}",
    )


def spend_verification_time() -> None:
    """The work of one signature check, for what is refused before there is anything to check."""
    ALGORITHMS["RS256"].verify(b"", _decoy_key("RS256"), b"\x01" * 256)


def _verifies(jws: CompactJWS, key: Any, algorithm: str) -> bool:
    # ES256 signatures are exactly r || s; anything else, DER included, is refused before it is parsed
    if len(jws.signature) != _SIGNATURE_BYTES.get(algorithm, len(jws.signature)):
        return False
    return ALGORITHMS[algorithm].verify(jws.signing_input, key, jws.signature)


@lru_cache(maxsize=4096)
def public_key(key: PublicJWK) -> Any:
    """The parsed key. Immutable, so it is kept per process under the key's own value."""
    return key.public_key()


@lru_cache(maxsize=2)
def _decoy_key(algorithm: str) -> Any:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1()).public_key()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()


def sign_client_assertion(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    *,
    client_id: str,
    key_id: str,
    audience: str,
    now: int,
    lifetime: int,
    with_jti: bool = True,
) -> str:
    """A client assertion (RFC 7523 section 3) as an app makes it, for trying things out. Times are in seconds."""
    claims = {"iss": client_id, "sub": client_id, "aud": audience, "iat": now, "exp": now + lifetime}
    if with_jti:
        claims["jti"] = str(uuid.uuid4())
    algorithm = "ES256" if isinstance(key, ec.EllipticCurvePrivateKey) else "RS256"
    return jwt.encode(claims, key, algorithm, headers={"kid": key_id})

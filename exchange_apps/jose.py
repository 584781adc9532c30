"""Signatures: the only module here that imports `jwt`.

PyJWT does the cryptography. Which algorithm is used follows from the key, never from the token alone; keys a token
brings along (`jwk`, `jku`, `x5c`, `x5u`) are never looked at.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import Algorithm, ECAlgorithm, RSAAlgorithm

from exchange_apps.domain.client_assertion import ClientAssertion
from exchange_apps.domain.compact_jws import CompactJWS, MalformedJWS
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient, OAuthError
from exchange_apps.domain.foreign_token import ForeignToken
from exchange_apps.domain.jwk import JWKSet, PublicJWK
from exchange_apps.domain.receipt import Check, Receipt

ALGORITHMS: dict[str, Algorithm] = {
    "RS256": RSAAlgorithm(RSAAlgorithm.SHA256),
    "ES256": ECAlgorithm(ECAlgorithm.SHA256),
}

_FORMAT = f"alg {' or '.join(ALGORITHMS)}, kid absent or a string"
_CLIENT_ID = re.compile(r"[0-9a-f]{20}")
_SIGNATURE_BYTES = {"ES256": 64}


@dataclass(frozen=True, slots=True)
class Refusals:
    """What a kind of JWT is called when it is refused before its signature holds."""

    error: type[OAuthError]
    form: Check
    malformed: DenialReason
    issuer: Check
    issuer_unknown: DenialReason
    key_unknown: DenialReason
    signature: DenialReason


_ASSERTION = Refusals(
    InvalidClient,
    Check.ASSERTION_FORMAT,
    DenialReason.ASSERTION_MALFORMED,
    Check.CLIENT,
    DenialReason.CLIENT_UNKNOWN,
    DenialReason.KEY_UNKNOWN,
    DenialReason.SIGNATURE_INVALID,
)


def foreign_token_refusals(error: type[OAuthError]) -> Refusals:
    """Those of a foreign token; `error` follows from the wire shape it came in."""
    return Refusals(
        error,
        Check.TOKEN_FORMAT,
        DenialReason.TOKEN_MALFORMED,
        Check.PROVIDER,
        DenialReason.PROVIDER_UNKNOWN,
        DenialReason.TOKEN_KEY_UNKNOWN,
        DenialReason.TOKEN_SIGNATURE_INVALID,
    )


def parse_client_assertion(text: str, receipt: Receipt) -> CompactJWS:
    """Take the assertion apart. Nothing in it is believed yet. Raises InvalidClient (ASSERTION_MALFORMED)."""
    return _parse(text, _ASSERTION, receipt)


def parse_foreign_token(text: str, refusal: type[OAuthError], receipt: Receipt) -> CompactJWS:
    """Take somebody else's token apart. Nothing in it is believed yet. Raises `refusal` (TOKEN_MALFORMED)."""
    return _parse(text, foreign_token_refusals(refusal), receipt)


def _parse(text: str, refusals: Refusals, receipt: Receipt) -> CompactJWS:
    try:
        jws = CompactJWS.parse(text)
    except MalformedJWS as error:
        receipt.refused(refusals.form, refusals.error, refusals.malformed, seen=str(error))
    header = jws.unverified_header
    algorithm = header.get("alg")  # anything JSON can hold: a list would not even be hashable
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or not isinstance(header.get("kid", ""), str):
        receipt.refused(refusals.form, refusals.error, refusals.malformed, expected=_FORMAT, seen=f"alg {algorithm!r}")
    receipt.passed(refusals.form, algorithm, _FORMAT)
    return jws


def unverified_client_id(jws: CompactJWS) -> str | None:
    """The client the assertion claims to be of, when it has the shape of a client id at all."""
    issuer = jws.unverified_claims.get("iss")
    return issuer if isinstance(issuer, str) and _CLIENT_ID.fullmatch(issuer) else None


def verify_client_assertion(jws: CompactJWS, keys: JWKSet | None, receipt: Receipt) -> ClientAssertion:
    """The proven assertion; raises InvalidClient."""
    key = _verified_by(jws, keys, _ASSERTION, receipt)
    return ClientAssertion(jws.unverified_claims["iss"], key.kid, jws.unverified_header["alg"], jws.unverified_claims)


def verify_foreign_token(
    jws: CompactJWS, keys: JWKSet | None, refusal: type[OAuthError], receipt: Receipt
) -> ForeignToken:
    """The proven token; raises `refusal`."""
    key = _verified_by(jws, keys, foreign_token_refusals(refusal), receipt)
    return ForeignToken(key.kid, jws.unverified_header["alg"], jws.unverified_claims)


def _verified_by(jws: CompactJWS, keys: JWKSet | None, refusals: Refusals, receipt: Receipt) -> PublicJWK:
    """The key that signed.

    Without keys (an unknown client) the same work is done against a key of ours and fails, so that the time taken
    does not tell strangers which clients exist.
    """
    algorithm = jws.unverified_header["alg"]
    key_id = jws.unverified_header.get("kid")
    candidates = () if keys is None else keys.candidates(key_id, algorithm)
    if not candidates:
        _verifies(jws, _decoy_key(algorithm), algorithm)
        if keys is None:
            receipt.refused(refusals.issuer, refusals.error, refusals.issuer_unknown)
        receipt.refused(
            Check.KEY,
            refusals.error,
            refusals.key_unknown,
            expected=f"one of: {', '.join(key.kid for key in keys.keys)}",
            seen=f"kid {key_id!r} for {algorithm}",
        )
    expected = f"a signature by {', '.join(key.kid for key in candidates)}"
    for key in candidates:
        if _verifies(jws, public_key(key), algorithm):
            receipt.passed(Check.SIGNATURE, f"{algorithm} by {key.kid}", expected)
            return key
    receipt.refused(Check.SIGNATURE, refusals.error, refusals.signature, expected=expected)


def proven_claims(text: str, keys: JWKSet | None) -> dict[str, Any] | None:
    """The claims of an ID token that one of the keys signed; None for anything else."""
    try:
        jws = CompactJWS.parse(text)
    except MalformedJWS:
        return None
    algorithm, key_id = jws.unverified_header.get("alg"), jws.unverified_header.get("kid")
    if keys is None or algorithm not in ("RS256", "ES256") or not isinstance(key_id, str | None):
        return None
    proven = any(_verifies(jws, public_key(key), algorithm) for key in keys.candidates(key_id, algorithm))
    return dict(jws.unverified_claims) if proven else None


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

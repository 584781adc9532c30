"""From PEM to a key set (RFC 7468): for whoever has the output of `openssl` and no JWK."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from exchange_apps.domain import base64url
from exchange_apps.domain.ec_key import CURVE
from exchange_apps.domain.jwk import JWKSet
from exchange_apps.domain.key_material import thumbprint
from exchange_apps.domain.key_problem import Finding, JWKSetError, KeyProblemCode
from exchange_apps.domain.key_set_document import MOST_DOCUMENT_BYTES
from exchange_apps.domain.private_material import PRIVATE_KEY, find_pem

_AnyKey = PublicKeyTypes | CertificatePublicKeyTypes

_BEGIN = "-----BEGIN "
_BEGIN_CERTIFICATE = "-----BEGIN CERTIFICATE-----"

_NO_BLOCK = Finding(
    KeyProblemCode.PEM, 'There is no PEM block: it begins with a line such as "-----BEGIN PUBLIC KEY-----".'
)
_UNREADABLE = Finding(
    KeyProblemCode.ENCODING,
    "The PEM text cannot be read: paste public keys or certificates, each from its BEGIN to its END line.",
)
_CHAIN = Finding(
    KeyProblemCode.PEM,
    "This is a certificate chain, and whoever holds the key of its issuer must not sign here. "
    "Paste only the certificate of the signing key itself.",
)
_KEY_TYPE = Finding(KeyProblemCode.KEY_TYPE, "A key of this type is not supported: use RSA or EC P-256.")
_ONE_KID = Finding(
    KeyProblemCode.KID_DUPLICATE,
    "One key id cannot name several keys: convert them one by one, or give no key id.",
)


def pem_to_jwks(text: str, kid: str | None = None) -> JWKSet:
    """The key set of the public keys and certificates in PEM `text`; equal keys count once.

    `kid` names the key where there is only one; by default each key is named by its thumbprint (RFC 7638).
    Certificates lend their keys only: neither dates nor signatures are looked at.

    Raises JWKSetError for anything else, and for keys that break the rules of a set.
    """
    keys = _read_keys(text)
    # As in JWKSet.parse: the text may be a private key, and error pages show variables.
    del text
    entries = keys if isinstance(keys, Finding) else _as_entries(keys, kid)
    if isinstance(entries, Finding):
        raise JWKSetError((entries.at(""),))
    return JWKSet.parse({"keys": entries})


def _read_keys(text: str) -> list[_AnyKey] | Finding:
    if find_pem(text) is PRIVATE_KEY:
        return PRIVATE_KEY
    if len(text) > MOST_DOCUMENT_BYTES:
        return Finding(KeyProblemCode.TOO_LARGE, f"The text is longer than {MOST_DOCUMENT_BYTES} bytes.")
    blocks = [f"{_BEGIN}{block}" for block in text.split(_BEGIN)[1:]]
    try:
        return _read_blocks(blocks) if blocks else _NO_BLOCK
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion):
        return _UNREADABLE


def _read_blocks(blocks: list[str]) -> list[_AnyKey] | Finding:
    """Raises whatever the library does on blocks it cannot read."""
    keys: list[_AnyKey] = []
    certificates = []
    for block in blocks:
        if block.startswith(_BEGIN_CERTIFICATE):
            certificates.append(x509.load_pem_x509_certificate(block.encode()))
        else:
            keys.append(load_pem_public_key(block.encode()))
    return _CHAIN if _is_chain(certificates) else [*keys, *(each.public_key() for each in certificates)]


def _is_chain(certificates: list[x509.Certificate]) -> bool:
    """Whether one certificate is the issuer of another; several self-signed ones are none of each other's."""
    subjects = {certificate.subject for certificate in certificates}
    return any(each.issuer in subjects for each in certificates if each.issuer != each.subject)


def _as_entries(keys: list[_AnyKey], kid: str | None) -> list[dict[str, str]] | Finding:
    named: dict[str, dict[str, str]] = {}
    for key in keys:
        members = _required_members(key)
        if members is None:
            return _KEY_TYPE
        named[thumbprint(members)] = members
    if kid and len(named) > 1:
        return _ONE_KID
    return [{**members, "use": "sig", "kid": kid or name} for name, members in named.items()]


def _required_members(key: _AnyKey) -> dict[str, str] | None:
    """The members that make the thumbprint. EC keys of other curves are left to the rules of a set."""
    if isinstance(key, rsa.RSAPublicKey):
        rsa_numbers = key.public_numbers()
        return {
            "kty": "RSA",
            "n": base64url.encode_uint(rsa_numbers.n),
            "e": base64url.encode_uint(rsa_numbers.e),
        }
    if isinstance(key, ec.EllipticCurvePublicKey):
        numbers = key.public_numbers()
        width = (key.curve.key_size + 7) // 8
        x, y = (base64url.encode(number.to_bytes(width, "big")) for number in (numbers.x, numbers.y))
        curve = CURVE if isinstance(key.curve, ec.SECP256R1) else key.curve.name
        return {"kty": "EC", "crv": curve, "x": x, "y": y}
    return None

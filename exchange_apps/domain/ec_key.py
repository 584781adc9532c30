"""The rules for an elliptic curve public key in a JWK: P-256 and nothing else (RFC 7518 section 6.2.1)."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric import ec

from exchange_apps.domain import base64url
from exchange_apps.domain.key_material import KeyMaterial, read_member
from exchange_apps.domain.key_problem import Finding, KeyProblemCode, quoted

CURVE = "P-256"
COORDINATE_BYTES = 32


def read_ec_key(jwk: Mapping[str, object], findings: list[Finding]) -> KeyMaterial | None:
    """The P-256 key in `jwk`, or None where there is none; what is wrong is added to `findings`."""
    curve = jwk.get("crv")
    if curve != CURVE:
        seen = "is missing" if curve is None else f"{quoted(curve)} is not supported"
        findings.append(Finding(KeyProblemCode.CURVE, f"The curve (crv) {seen}: use P-256."))
        return None
    x, y = _read_coordinate(jwk, "x", findings), _read_coordinate(jwk, "y", findings)
    if x is None or y is None:
        return None
    if not _is_on_curve(x, y):
        findings.append(
            Finding(
                KeyProblemCode.NOT_ON_CURVE,
                "The coordinates x and y are no point of the curve P-256: export the key again.",
            )
        )
        return None
    return KeyMaterial("EC", "ES256", 256, {"crv": CURVE, "x": base64url.encode(x), "y": base64url.encode(y)})


def _read_coordinate(jwk: Mapping[str, object], name: str, findings: list[Finding]) -> bytes | None:
    octets = read_member(jwk, name, findings)
    if octets is None or len(octets) == COORDINATE_BYTES:
        return octets
    findings.append(
        Finding(
            KeyProblemCode.COORDINATE_SIZE,
            f'The coordinate "{name}" has {len(octets)} bytes; P-256 needs exactly {COORDINATE_BYTES}, '
            "leading zero bytes included.",
        )
    )
    return None


def _is_on_curve(x: bytes, y: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    except ValueError:
        return False
    return True

"""The rules for an RSA public key in a JWK (RFC 7518 section 6.3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exchange_apps.domain import base64url
from exchange_apps.domain.key_material import KeyMaterial, read_member
from exchange_apps.domain.key_problem import Finding, KeyProblemCode
from exchange_apps.domain.rsa_weakness import find_modulus_weakness

LEAST_MODULUS_BITS = 2048
MOST_MODULUS_BITS = 8192
# In use are 3, 17 and 65537. Several verifiers keep the exponent in 32 bits, and a larger one only makes each
# verification dearer, at the cost of whoever verifies.
MOST_EXPONENT = 2**32 - 1


def read_rsa_key(jwk: Mapping[str, object], findings: list[Finding]) -> KeyMaterial | None:
    """The RSA key in `jwk`, sound or not, or None where there is none; what is wrong is added to `findings`.

    Leading zero octets, which some libraries write against RFC 7518, are dropped before anything is measured.
    """
    modulus_octets, exponent_octets = read_member(jwk, "n", findings), read_member(jwk, "e", findings)
    if modulus_octets is None or exponent_octets is None:
        return None
    modulus, exponent = int.from_bytes(modulus_octets, "big"), int.from_bytes(exponent_octets, "big")
    findings += _exponent_findings(exponent)
    findings += _modulus_findings(modulus)
    if modulus == 0 or exponent == 0:
        return None
    members = {"n": base64url.encode_uint(modulus), "e": base64url.encode_uint(exponent)}
    return KeyMaterial("RSA", "RS256", modulus.bit_length(), members)


def _exponent_findings(exponent: int) -> Iterator[Finding]:
    if exponent < 3:
        yield Finding(
            KeyProblemCode.EXPONENT_TOO_SMALL,
            "The RSA exponent is below 3, so it protects nothing. Generate a new key with exponent 65537.",
        )
    elif exponent > MOST_EXPONENT:
        yield Finding(
            KeyProblemCode.EXPONENT_TOO_LARGE,
            "The RSA exponent is longer than 32 bits. Generate a new key with exponent 65537.",
        )
    elif exponent % 2 == 0:
        yield Finding(
            KeyProblemCode.EXPONENT_EVEN,
            "The RSA exponent is even, which no working key has. Generate a new key with exponent 65537.",
        )


def _modulus_findings(modulus: int) -> Iterator[Finding]:
    bits = modulus.bit_length()
    if bits < LEAST_MODULUS_BITS:
        yield Finding(
            KeyProblemCode.RSA_TOO_SMALL,
            f"The RSA modulus has {bits} bits; generate a key of {LEAST_MODULUS_BITS} or more.",
        )
    elif bits > MOST_MODULUS_BITS:
        yield Finding(
            KeyProblemCode.RSA_TOO_LARGE,
            f"The RSA modulus has {bits} bits; generate a key of {MOST_MODULUS_BITS} or fewer.",
        )
    elif weakness := find_modulus_weakness(modulus):
        yield weakness

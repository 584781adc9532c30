"""Keys and numbers for tests of key sets: made when first asked for, then the same until the run ends."""

from __future__ import annotations

from functools import cache
from itertools import count
from math import gcd, prod
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from exchange_apps.domain import base64url

JWK = dict[str, Any]

_SMALL_PRIMES = [number for number in range(2, 702) if all(number % divisor for divisor in range(2, number))]
# what the flawed chips of ROCA used for 2048-bit keys: the first 126 primes
SMALL_PRODUCT = prod(_SMALL_PRIMES)


def rsa_private_key(number: int = 0, bits: int = 2048) -> rsa.RSAPrivateKey:
    return _rsa_private_key(number, bits)


def ec_private_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    return _ec_private_key(number)


def rsa_jwk(kid: str | None = "rsa", number: int = 0, **changes: Any) -> JWK:
    """A good RSA key; a change to None removes the member."""
    numbers = rsa_private_key(number).public_key().public_numbers()
    jwk: JWK = {
        "kty": "RSA",
        "kid": kid,
        "use": "sig",
        "alg": "RS256",
        "n": uint(numbers.n),
        "e": uint(numbers.e),
    }
    return _changed(jwk, changes)


def ec_jwk(kid: str | None = "ec", number: int = 0, **changes: Any) -> JWK:
    """A good EC key; a change to None removes the member."""
    numbers = ec_private_key(number).public_key().public_numbers()
    jwk: JWK = {"kty": "EC", "kid": kid, "use": "sig", "alg": "ES256", "crv": "P-256"}
    jwk |= {"x": coordinate(numbers.x), "y": coordinate(numbers.y)}
    return _changed(jwk, changes)


def uint(number: int) -> str:
    return base64url.encode_uint(number)


def coordinate(number: int) -> str:
    return base64url.encode(number.to_bytes(32, "big"))


@cache
def next_prime(number: int) -> int:
    """The first probable prime above `number`, by one Fermat test: nobody chose numbers to deceive it."""
    candidates = (candidate for candidate in count(number + 1) if gcd(candidate, SMALL_PRODUCT) == 1)
    return next(candidate for candidate in candidates if pow(2, candidate - 1, candidate) == 1)


@cache
def roca_modulus() -> int:
    """A modulus as the flawed chips made them for 2048 bits: two primes k * M + (65537**a mod M)."""

    def prime(power: int) -> int:
        remainder = pow(65537, power, SMALL_PRODUCT)
        first = (3 << 1022) // SMALL_PRODUCT
        candidates = (factor * SMALL_PRODUCT + remainder for factor in count(first))
        return next(candidate for candidate in candidates if pow(2, candidate - 1, candidate) == 1)

    return prime(power=1234567) * prime(power=7654321)


# The caches are here because `f()` and `f(0)` would be two calls to them.
@cache
def _rsa_private_key(number: int, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def _ec_private_key(number: int) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _changed(jwk: JWK, changes: JWK) -> JWK:
    return {name: value for name, value in (jwk | changes).items() if value is not None}

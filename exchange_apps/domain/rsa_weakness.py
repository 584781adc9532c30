"""RSA moduli whose private key anyone can compute: made by broken generators, found by cheap tests.

Each test costs less than a millisecond for a 4096-bit modulus. Whether the modulus is itself prime is not
asked: that alone would cost from 20 ms to over a second a key, and a hostile set may have fifty.
"""

from __future__ import annotations

from functools import cache
from math import gcd, isqrt, prod

from exchange_apps.domain.key_problem import Finding, KeyProblemCode
from exchange_apps.domain.perfect_power import is_low_power
from exchange_apps.domain.roca import has_roca_fingerprint

_LARGEST_SMALL_PRIME = 2**16 + 1
_FERMAT_ROUNDS = 100
# Squares leave few remainders modulo these two: most other numbers are told apart without taking a root.
_SQUARES_64 = frozenset(root * root % 64 for root in range(64))
_SQUARES_4095 = frozenset(root * root % 4095 for root in range(4095))
_BROKEN = "so its private key can be computed by anyone. Replace this key with one made by other, current software."


def find_modulus_weakness(modulus: int) -> Finding | None:
    """The first known weakness of an RSA `modulus`, at least 3; None when every test is passed."""
    if modulus % 2 == 0:
        return Finding(KeyProblemCode.MODULUS_EVEN, f"The RSA modulus is even, {_BROKEN}")
    if gcd(modulus, _small_primes_product()) != 1:
        return Finding(KeyProblemCode.SMALL_FACTOR, f"The RSA modulus has a small prime factor, {_BROKEN}")
    if is_low_power(modulus):
        return Finding(KeyProblemCode.PERFECT_POWER, f"The RSA modulus is a power of a single number, {_BROKEN}")
    if has_close_factors(modulus):
        return Finding(KeyProblemCode.CLOSE_PRIMES, f"The two primes of the RSA modulus are too close, {_BROKEN}")
    if has_roca_fingerprint(modulus):
        return Finding(
            KeyProblemCode.ROCA,
            f"The RSA modulus shows ROCA (CVE-2017-15361), a flaw of certain chips, {_BROKEN}",
        )
    return None


def has_close_factors(modulus: int) -> bool:
    """Whether 100 rounds of Fermat's factorization split `modulus`, an odd number that is no square.

    Two factors this close share the upper half of their bits, as when a generator took two primes in a row.
    """
    middle = isqrt(modulus) + 1
    square = middle * middle - modulus
    for _ in range(_FERMAT_ROUNDS):
        if square % 64 in _SQUARES_64 and square % 4095 in _SQUARES_4095 and isqrt(square) ** 2 == square:
            return True
        square += 2 * middle + 1
        middle += 1
    return False


@cache
def _small_primes_product() -> int:
    """Of all odd ones, with 94,000 bits: one greatest common divisor replaces 6,542 divisions."""
    numbers = range(_LARGEST_SMALL_PRIME + 1)
    is_prime = bytearray([1]) * len(numbers)
    for number in range(2, isqrt(_LARGEST_SMALL_PRIME) + 1):
        if is_prime[number]:
            is_prime[number * number :: number] = bytes(len(numbers[number * number :: number]))
    return prod(number for number in numbers[3:] if is_prime[number])

"""Whether a number is a square, a cube or another low power: fatal in an RSA modulus, and cheap to tell."""

from __future__ import annotations

from math import isqrt

# An eleventh power of 2048 bits would have primes of 186 bits: no generator, however broken, has made one.
_EXPONENTS = (3, 5, 7)


def is_low_power(number: int) -> bool:
    """Whether `number`, at least 1, is a whole number raised to a multiple of 2, 3, 5 or 7."""
    if isqrt(number) ** 2 == number:
        return True
    return any(integer_root(number, exponent) ** exponent == number for exponent in _EXPONENTS)


def integer_root(number: int, exponent: int) -> int:
    """The largest whole number whose `exponent`-th power does not exceed `number`, which is at least 1.

    Newton's method from above; the first guess comes from the upper half of the digits and is nearly right.
    """
    shift = number.bit_length() // (2 * exponent)
    guess = (integer_root(number >> shift * exponent, exponent) + 1) << shift if shift else 4
    while (better := ((exponent - 1) * guess + number // guess ** (exponent - 1)) // exponent) < guess:
        guess = better
    return guess

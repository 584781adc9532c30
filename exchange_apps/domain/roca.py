"""The ROCA fingerprint (CVE-2017-15361): RSA keys made by a family of flawed smartcard and TPM chips.

Their primes are a power of 65537 plus a multiple of a product of many small primes. Hence their moduli, too,
leave a power of 65537 as remainder at each of those primes; a sound modulus does so about once in 2**28.
Found by Nemec, Sys, Svenda, Klinec and Matyas: "The Return of Coppersmith's Attack" (2017).
"""

from __future__ import annotations

_GENERATOR = 65537
# The shortest affected keys use the primes up to 167, longer keys use these and more.
_PRIMES = tuple(number for number in range(3, 168, 2) if all(number % divisor for divisor in range(3, number, 2)))
_POWERS = {prime: frozenset(pow(_GENERATOR, exponent, prime) for exponent in range(prime)) for prime in _PRIMES}


def has_roca_fingerprint(modulus: int) -> bool:
    """Whether `modulus` looks like the product of two primes of the flawed generator."""
    return all(modulus % prime in powers for prime, powers in _POWERS.items())

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.key_problem import KeyProblemCode
from exchange_apps.domain.perfect_power import integer_root, is_low_power
from exchange_apps.domain.roca import has_roca_fingerprint
from exchange_apps.domain.rsa_weakness import find_modulus_weakness, has_close_factors
from tests.exchange_apps.domain.jwk_samples import next_prime, roca_modulus, rsa_private_key


def weakness_of(modulus: int) -> KeyProblemCode | None:
    finding = find_modulus_weakness(modulus)
    return finding.code if finding else None


@pytest.mark.parametrize("number", range(4))
def test_a_freshly_generated_modulus_has_no_weakness(number: int) -> None:
    assert weakness_of(rsa_private_key(number).public_key().public_numbers().n) is None


def test_an_even_modulus_is_found() -> None:
    assert weakness_of(rsa_private_key().public_key().public_numbers().n + 1) is KeyProblemCode.MODULUS_EVEN


@pytest.mark.parametrize("factor", [3, 5, 257, 32_749, 65_521, 65_537])
def test_a_small_factor_is_found(factor: int) -> None:
    assert weakness_of(factor * next_prime(1 << 2040)) is KeyProblemCode.SMALL_FACTOR


def test_a_factor_above_the_bound_is_not_looked_for() -> None:
    assert weakness_of(65_539 * next_prime(1 << 2040)) is None


@pytest.mark.parametrize("exponent", [2, 3, 4, 5, 6, 7])
def test_a_power_of_one_prime_is_found(exponent: int) -> None:
    assert weakness_of(next_prime(1 << 2048 // exponent) ** exponent) is KeyProblemCode.PERFECT_POWER


def test_two_primes_in_a_row_are_found() -> None:
    first = next_prime(3 << 1022)
    assert weakness_of(first * next_prime(first)) is KeyProblemCode.CLOSE_PRIMES


def test_primes_that_share_the_upper_half_of_their_bits_are_found() -> None:
    first = next_prime(3 << 1022)
    assert has_close_factors(first * next_prime(first + (1 << 500)))


def test_primes_that_share_a_quarter_of_their_bits_are_not_close() -> None:
    first = next_prime(3 << 1022)
    assert not has_close_factors(first * next_prime(first + (1 << 768)))


def test_a_modulus_of_the_flawed_chips_is_found() -> None:
    assert weakness_of(roca_modulus()) is KeyProblemCode.ROCA


def test_a_single_wrong_remainder_clears_a_modulus_of_roca() -> None:
    # 2 is no power of 65537 modulo 11
    modulus = roca_modulus()
    odd_one_out = next(m for m in range(modulus, modulus + 11) if m % 11 == 2)
    assert not has_roca_fingerprint(odd_one_out)


@given(st.integers(min_value=2**200, max_value=2**201))
def test_ordinary_numbers_do_not_have_the_roca_fingerprint(number: int) -> None:
    assert not has_roca_fingerprint(number)


@given(st.integers(min_value=1, max_value=2**400), st.integers(min_value=2, max_value=7))
def test_an_integer_root_is_the_largest_that_fits(number: int, exponent: int) -> None:
    root = integer_root(number, exponent)
    assert root**exponent <= number < (root + 1) ** exponent


@given(st.integers(min_value=2, max_value=2**200), st.sampled_from([2, 3, 5, 7]))
def test_a_number_beside_a_power_is_no_power(root: int, exponent: int) -> None:
    power = root**exponent
    assert is_low_power(power)
    # 8 and 9 are the only neighbours that both are powers
    assert not is_low_power(power + 1) or power == 8

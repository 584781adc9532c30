from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from exchange_apps.domain import base64url
from exchange_apps.domain.key_hygiene import InspectedKey, inspect_key
from exchange_apps.domain.key_problem import KeyProblemCode
from exchange_apps.domain.rsa_weakness import find_modulus_weakness
from tests.exchange_apps.domain.jwk_samples import JWK, SMALL_PRODUCT, coordinate, ec_jwk, rsa_jwk, uint

P256_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1
P256_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def codes(row: InspectedKey) -> list[KeyProblemCode]:
    return [problem.code for problem in row.problems]


def sound_number(bits: int) -> int:
    """A number of exactly `bits` bits that passes every test of weakness."""
    return next(n for n in range(2**bits - 1, 0, -2) if find_modulus_weakness(n) is None)


def number_of_two_close_factors() -> int:
    factors = (n for n in range(2**1024 - 1, 0, -2) if not find_modulus_weakness(n))
    return next(n * (n - 2) for n in factors if not find_modulus_weakness(n - 2))


def number_with_roca_fingerprint() -> int:
    remainder = pow(65537, 12345, SMALL_PRODUCT)
    numbers = (factor * SMALL_PRODUCT + remainder for factor in count(2**2048 // SMALL_PRODUCT))
    unsound = (n for n in numbers if n % 2 and (finding := find_modulus_weakness(n)) and "ROCA" in finding.message)
    return next(unsound)


def point_outside_the_field() -> tuple[int, int]:
    """A point of P-256 whose x still fits 32 bytes after the field's prime is added."""
    for x in range(1, 1000):
        square = (x**3 - 3 * x + P256_B) % P256_PRIME
        y = pow(square, (P256_PRIME + 1) // 4, P256_PRIME)
        if y * y % P256_PRIME == square:
            return x + P256_PRIME, y
    raise AssertionError("half of all numbers are fit for x")


# One row for each way a key can be bad: its name, what is changed in a good key, and the one code expected.
Refusals = list[tuple[str, JWK, KeyProblemCode]]
REFUSED_RSA: Refusals = [
    ("no kid", {"kid": None}, KeyProblemCode.KID_MISSING),
    ("empty kid", {"kid": ""}, KeyProblemCode.KID_MISSING),
    ("numeric kid", {"kid": 7}, KeyProblemCode.KID_INVALID),
    ("kid with a line break", {"kid": "a\nb"}, KeyProblemCode.KID_INVALID),
    ("kid with a direction mark", {"kid": "a\u202eb"}, KeyProblemCode.KID_INVALID),
    ("kid with half a character", {"kid": "a\ud800"}, KeyProblemCode.KID_INVALID),
    ("long kid", {"kid": "k" * 256}, KeyProblemCode.KID_INVALID),
    ("no kty", {"kty": None}, KeyProblemCode.KEY_TYPE),
    ("kty of another key", {"kty": "OKP"}, KeyProblemCode.KEY_TYPE),
    ("kty in lower case", {"kty": "rsa"}, KeyProblemCode.KEY_TYPE),
    ("kty that is a list", {"kty": ["RSA"]}, KeyProblemCode.KEY_TYPE),
    ("encryption key", {"use": "enc"}, KeyProblemCode.USE),
    ("use that is a list", {"use": ["sig"]}, KeyProblemCode.USE),
    ("longer RSA algorithm", {"alg": "RS512"}, KeyProblemCode.ALGORITHM),
    ("algorithm of another type", {"alg": "ES256"}, KeyProblemCode.ALGORITHM),
    ("algorithm none", {"alg": "none"}, KeyProblemCode.ALGORITHM),
    ("algorithm that is an object", {"alg": {}}, KeyProblemCode.ALGORITHM),
    ("key that signs", {"key_ops": ["sign", "verify"]}, KeyProblemCode.KEY_OPERATIONS),
    ("key for nothing", {"key_ops": []}, KeyProblemCode.KEY_OPERATIONS),
    ("key_ops that is text", {"key_ops": "verify"}, KeyProblemCode.KEY_OPERATIONS),
    ("no modulus", {"n": None}, KeyProblemCode.MEMBER_MISSING),
    ("empty modulus", {"n": ""}, KeyProblemCode.MEMBER_MISSING),
    ("numeric exponent", {"e": 65537}, KeyProblemCode.MEMBER_MISSING),
    ("padded exponent", {"e": "AQAB=="}, KeyProblemCode.ENCODING),
    ("exponent with a space", {"e": "AQ AB"}, KeyProblemCode.ENCODING),
    ("exponent in the standard alphabet", {"e": "AQ+B"}, KeyProblemCode.ENCODING),
    ("exponent with stray bits", {"e": "Ax"}, KeyProblemCode.ENCODING),
    ("modulus of zero", {"n": "AA"}, KeyProblemCode.RSA_TOO_SMALL),
    ("2047 bits", {"n": uint(sound_number(2047))}, KeyProblemCode.RSA_TOO_SMALL),
    (
        "2040 bits behind zeros",
        {"n": base64url.encode(b"\0\0" + b"\xff" * 255)},
        KeyProblemCode.RSA_TOO_SMALL,
    ),
    ("8193 bits", {"n": uint(2**8192 + 1)}, KeyProblemCode.RSA_TOO_LARGE),
    ("exponent 0", {"e": "AA"}, KeyProblemCode.EXPONENT_TOO_SMALL),
    ("exponent 1", {"e": uint(1)}, KeyProblemCode.EXPONENT_TOO_SMALL),
    ("exponent 2", {"e": uint(2)}, KeyProblemCode.EXPONENT_TOO_SMALL),
    ("exponent 4", {"e": uint(4)}, KeyProblemCode.EXPONENT_EVEN),
    ("exponent of 33 bits", {"e": uint(2**32 + 1)}, KeyProblemCode.EXPONENT_TOO_LARGE),
    ("exponent as long as a modulus", {"e": uint(2**2047 + 1)}, KeyProblemCode.EXPONENT_TOO_LARGE),
    ("even modulus", {"n": uint(2**2047 + 2)}, KeyProblemCode.MODULUS_EVEN),
    ("modulus divisible by 3", {"n": uint(3 * sound_number(2048))}, KeyProblemCode.SMALL_FACTOR),
    ("square", {"n": uint(sound_number(1024) ** 2)}, KeyProblemCode.PERFECT_POWER),
    ("close primes", {"n": uint(number_of_two_close_factors())}, KeyProblemCode.CLOSE_PRIMES),
    ("flawed chip", {"n": uint(number_with_roca_fingerprint())}, KeyProblemCode.ROCA),
    ("private exponent", {"d": "AQAB"}, KeyProblemCode.PRIVATE_MATERIAL),
    ("empty private exponent", {"d": ""}, KeyProblemCode.PRIVATE_MATERIAL),
]
REFUSED_EC: Refusals = [
    ("no curve", {"crv": None}, KeyProblemCode.CURVE),
    ("larger curve", {"crv": "P-384"}, KeyProblemCode.CURVE),
    ("bitcoin's curve", {"crv": "secp256k1"}, KeyProblemCode.CURVE),
    ("curve that is a number", {"crv": 256}, KeyProblemCode.CURVE),
    ("no y", {"y": None}, KeyProblemCode.MEMBER_MISSING),
    ("padded x", {"x": f"{ec_jwk()['x']}="}, KeyProblemCode.ENCODING),
    ("short x", {"x": base64url.encode(b"\1" * 31)}, KeyProblemCode.COORDINATE_SIZE),
    ("x behind a zero", {"x": base64url.encode(b"\0" + b"\1" * 32)}, KeyProblemCode.COORDINATE_SIZE),
    ("point of another key's x", {"x": ec_jwk(number=1)["x"]}, KeyProblemCode.NOT_ON_CURVE),
    ("origin", {"x": coordinate(0), "y": coordinate(0)}, KeyProblemCode.NOT_ON_CURVE),
    (
        "x beyond the field",
        dict(zip("xy", map(coordinate, point_outside_the_field()), strict=True)),
        KeyProblemCode.NOT_ON_CURVE,
    ),
    ("algorithm of another type", {"alg": "RS256"}, KeyProblemCode.ALGORITHM),
    ("algorithm of a larger curve", {"alg": "ES384"}, KeyProblemCode.ALGORITHM),
]


def rows(refusals: Refusals) -> list[Any]:
    return [pytest.param(changes, code, id=name) for name, changes, code in refusals]


@pytest.mark.parametrize(("changes", "code"), rows(REFUSED_RSA))
def test_a_bad_rsa_key_is_refused_for_its_one_fault(changes: JWK, code: KeyProblemCode) -> None:
    row = inspect_key(0, rsa_jwk(**changes))
    assert codes(row) == [code]
    assert row.key is None


@pytest.mark.parametrize(("changes", "code"), rows(REFUSED_EC))
def test_a_bad_ec_key_is_refused_for_its_one_fault(changes: JWK, code: KeyProblemCode) -> None:
    row = inspect_key(0, ec_jwk(**changes))
    assert codes(row) == [code]
    assert row.key is None


def test_every_sentence_is_whole_and_repeats_no_number() -> None:
    jwks = [rsa_jwk(**changes) for _, changes, _ in REFUSED_RSA] + [ec_jwk(**changes) for _, changes, _ in REFUSED_EC]
    for jwk in jwks:
        (problem,) = inspect_key(0, jwk).problems
        assert problem.message[0].isupper()
        assert problem.message.endswith(".")
        assert len(problem.message) < 250
        numbers = [jwk[name] for name in ("n", "x", "y") if jwk.get(name)]
        assert not any(number in problem.message for number in numbers)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="as made"),
        pytest.param({"use": None, "alg": None}, id="nothing declared"),
        pytest.param({"key_ops": ["verify"]}, id="for verification"),
        pytest.param({"x5t": "AAAA", "exp": 1, "note": {"a": []}}, id="members nobody knows"),
        pytest.param({"kid": "ключ 1/π"}, id="kid outside ASCII"),
        pytest.param({"kid": "k" * 255}, id="longest kid"),
        pytest.param({"e": uint(3)}, id="least exponent"),
        pytest.param({"e": uint(2**32 - 1)}, id="largest exponent"),
        pytest.param({"n": uint(sound_number(2048))}, id="least modulus"),
        pytest.param({"n": uint(sound_number(8192))}, id="largest modulus"),
    ],
)
def test_a_good_rsa_key_is_accepted(changes: JWK) -> None:
    row = inspect_key(0, rsa_jwk(**changes))
    assert codes(row) == []
    assert row.key is not None


def test_all_faults_of_a_key_are_told_at_once() -> None:
    row = inspect_key(3, rsa_jwk(kid=None, use="enc", alg="HS256", e="AA", n=uint(sound_number(1024))))
    assert codes(row) == [
        KeyProblemCode.KID_MISSING,
        KeyProblemCode.USE,
        KeyProblemCode.ALGORITHM,
        KeyProblemCode.EXPONENT_TOO_SMALL,
        KeyProblemCode.RSA_TOO_SMALL,
    ]
    assert {problem.path for problem in row.problems} == {"keys[3]"}


def test_leading_zeros_of_a_modulus_are_dropped_and_make_no_second_key() -> None:
    usual = rsa_jwk()
    spelled_long = rsa_jwk(n=base64url.encode(b"\0" + base64url.decode(usual["n"])), e="AAEAAQ")
    row = inspect_key(0, spelled_long)
    assert row.key == inspect_key(0, usual).key
    assert row.thumbprint == inspect_key(0, usual).thumbprint


def test_only_public_members_are_kept_in_a_fixed_order() -> None:
    rsa_row = inspect_key(0, {"note": 1, **dict(reversed(rsa_jwk(key_ops=["verify"], x5c=["AAAA"]).items()))})
    ec_row = inspect_key(0, ec_jwk(use=None, alg=None))
    assert rsa_row.key
    assert list(rsa_row.key.members) == ["kty", "kid", "use", "alg", "n", "e"]
    assert ec_row.key
    assert list(ec_row.key.members) == ["kty", "kid", "crv", "x", "y"]


def test_a_weak_key_is_still_described() -> None:
    weak = rsa_jwk(n=uint(number_with_roca_fingerprint()))
    row = inspect_key(0, weak)
    assert (row.kid, row.kty, row.use, row.alg) == ("rsa", "RSA", "sig", "RS256")
    assert row.size in (2048, 2049)
    assert row.thumbprint


@pytest.mark.parametrize("entry", [None, True, 3, "text", [], [{"kty": "RSA"}]])
def test_an_entry_that_is_no_object_is_refused(entry: object) -> None:
    assert codes(inspect_key(0, entry)) == [KeyProblemCode.NOT_AN_OBJECT]


def test_descriptive_values_are_shown_only_when_short_and_printable() -> None:
    long = inspect_key(0, rsa_jwk(alg="A" * 500))
    assert f'"{"A" * 63}…"' in long.problems[0].message
    assert long.alg == f"{'A' * 63}…"
    unprintable = inspect_key(0, rsa_jwk(use="a\x1b[31m"))
    assert "31m" not in unprintable.problems[0].message
    assert unprintable.use is None

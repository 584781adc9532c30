from __future__ import annotations

import json
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_apps.domain.jwk import JWKSet, JWKSetError, KeyProblemCode, PublicJWK, inspect_jwks
from exchange_apps.domain.key_material import thumbprint
from tests.exchange_apps.domain import test_key_hygiene
from tests.exchange_apps.domain.jwk_samples import ec_jwk, ec_private_key, rsa_jwk, rsa_private_key

PUBLIC_PEM = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"

# One row for each way a document can be bad as a whole.
REFUSED_DOCUMENTS: list[tuple[str, Any, KeyProblemCode, str]] = [
    ("nothing", "", KeyProblemCode.NOT_JSON, "line 1, column 1"),
    ("syntax error", '{"keys": [}', KeyProblemCode.NOT_JSON, "line 1, column 11"),
    ("web page", "<!doctype html><title>Sign in</title>", KeyProblemCode.NOT_JSON, "line 1"),
    ("NaN", '{"keys": [NaN]}', KeyProblemCode.NOT_JSON, "NaN"),
    ("deep nesting", '{"keys":' * 7_000, KeyProblemCode.NOT_JSON, "nested too deeply"),
    ("deep list", "[" * 60_000, KeyProblemCode.NOT_JSON, "nested too deeply"),
    ("no text", b"\x30\x82\x01\x22", KeyProblemCode.NOT_JSON, "UTF-8"),
    ("too large", " " * 65_536 + "{}", KeyProblemCode.TOO_LARGE, "65536 bytes"),
    ("repeated member", '{"keys": [], "keys": []}', KeyProblemCode.DUPLICATE_MEMBER, "same name"),
    ("public PEM", PUBLIC_PEM, KeyProblemCode.PEM, "converted"),
    ("certificate", PUBLIC_PEM.replace("PUBLIC KEY", "CERTIFICATE"), KeyProblemCode.PEM, "converted"),
    ("PEM of PKCS 1", PUBLIC_PEM.replace("PUBLIC", "RSA PUBLIC"), KeyProblemCode.PEM, "converted"),
    ("PEM in a list", {"keys": [PUBLIC_PEM]}, KeyProblemCode.PEM, "converted"),
    ("null", "null", KeyProblemCode.NOT_A_SET, '{"keys": [...]}'),
    ("number", "7", KeyProblemCode.NOT_A_SET, '{"keys": [...]}'),
    ("None", None, KeyProblemCode.NOT_A_SET, '{"keys": [...]}'),
    ("list of keys", [ec_jwk()], KeyProblemCode.NOT_A_SET, 'Put it under "keys"'),
    ("single key", ec_jwk(), KeyProblemCode.NOT_A_SET, "a single key"),
    ("other object", {"issuer": "https://ci.test"}, KeyProblemCode.NOT_A_SET, "something else"),
    ("keys by name", {"keys": {"a": ec_jwk()}}, KeyProblemCode.NOT_A_SET, "something else"),
    ("no keys", {"keys": []}, KeyProblemCode.EMPTY_SET, "at least one"),
    ("51 keys", {"keys": [{}] * 51}, KeyProblemCode.TOO_MANY_KEYS, "has 51 keys; at most 50"),
    ("entry that is no object", {"keys": [3]}, KeyProblemCode.NOT_AN_OBJECT, "not a JSON object"),
    (
        "two keys of one name",
        {"keys": [ec_jwk("a"), ec_jwk("a", number=1)]},
        KeyProblemCode.KID_DUPLICATE,
        "its own kid",
    ),
]


def refusal_of(document: Any) -> JWKSetError:
    with pytest.raises(JWKSetError) as caught:
        JWKSet.parse(document)
    return caught.value


@pytest.mark.parametrize(
    ("document", "code", "words"),
    [pytest.param(document, code, words, id=name) for name, document, code, words in REFUSED_DOCUMENTS],
)
def test_a_bad_document_is_refused_with_what_to_do(document: Any, code: KeyProblemCode, words: str) -> None:
    error = refusal_of(document)
    assert {problem.code for problem in error.problems} == {code}
    assert words in str(error)


def test_every_reason_of_refusal_has_a_row_in_the_tables() -> None:
    covered = {code for _, _, code, _ in REFUSED_DOCUMENTS}
    covered |= {code for _, _, code in test_key_hygiene.REFUSED_RSA + test_key_hygiene.REFUSED_EC}
    assert covered == set(KeyProblemCode)


@pytest.mark.parametrize("form", [json.dumps, lambda document: json.dumps(document).encode(), dict, MappingProxyType])
def test_a_set_is_read_from_text_bytes_and_objects_alike(form: Any) -> None:
    document = {"keys": [rsa_jwk("a"), ec_jwk("b")], "comment": "ignored"}
    assert [key.kid for key in JWKSet.parse(form(document)).keys] == ["a", "b"]


@pytest.mark.parametrize("mark", ["\ufeff", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_of_an_editor_is_ignored(mark: Any) -> None:
    text = json.dumps({"keys": [ec_jwk()]})
    assert JWKSet.parse(mark + (text if isinstance(mark, str) else text.encode()))


def test_fifty_keys_are_accepted() -> None:
    assert len(JWKSet.parse({"keys": [ec_jwk(str(number)) for number in range(50)]}).keys) == 50


def test_a_key_tells_what_it_is() -> None:
    first, second = JWKSet.parse({"keys": [rsa_jwk("a"), ec_jwk("b", use=None)]}).keys
    assert (first.kid, first.kty, first.algorithm, first.size, first.use) == (
        "a",
        "RSA",
        "RS256",
        2048,
        "sig",
    )
    assert (second.kid, second.kty, second.algorithm, second.size, second.use) == (
        "b",
        "EC",
        "ES256",
        256,
        None,
    )
    assert [first.label(), second.label()] == ["RSA 2048-bit", "EC P-256"]


def test_the_public_key_is_that_of_the_private_key() -> None:
    first, second = JWKSet.parse({"keys": [rsa_jwk("a"), ec_jwk("b")]}).keys
    assert first.public_key() == rsa_private_key().public_key()
    assert second.public_key() == ec_private_key().public_key()


def test_the_thumbprint_is_that_of_rfc_7638() -> None:
    example = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJE"
        "CPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2Q"
        "vzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6"
        "WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        "e": "AQAB",
    }
    published = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    (key,) = JWKSet.parse({"keys": [example | {"alg": "RS256", "kid": "2011-04-29"}]}).keys
    assert key.thumbprint == published == thumbprint(example)


@pytest.mark.parametrize(
    ("key_id", "algorithm", "kids"),
    [
        ("rsa-1", "RS256", ["rsa-1"]),
        ("rsa-1", "ES256", []),
        ("ec", "ES256", ["ec"]),
        ("unknown", "RS256", []),
        ("", "RS256", []),
        (None, "RS256", ["rsa-1", "rsa-2"]),
        (None, "ES256", ["ec"]),
        (None, "HS256", []),
        (None, "none", []),
    ],
)
def test_candidates_are_the_named_key_or_all_of_the_algorithm(
    key_id: str | None, algorithm: str, kids: list[str]
) -> None:
    keys = JWKSet.parse({"keys": [rsa_jwk("rsa-1"), ec_jwk("ec"), rsa_jwk("rsa-2", number=1)]})
    assert [key.kid for key in keys.candidates(key_id, algorithm)] == kids


def test_the_document_of_a_set_is_a_set_again_with_the_same_digest() -> None:
    keys = JWKSet.parse({"keys": [rsa_jwk("b"), ec_jwk("a", x5c=["AAAA"])]})
    document = keys.as_document()
    assert [entry["kid"] for entry in document["keys"]] == ["a", "b"]
    assert JWKSet.parse(document).as_document() == document
    assert JWKSet.parse(document).digest == keys.digest


def test_the_digest_ignores_layout_and_order_and_sees_every_change() -> None:
    first, second = rsa_jwk("a"), ec_jwk("b", note="ignored")
    digest = JWKSet.parse({"keys": [first, second]}).digest
    assert JWKSet.parse(json.dumps({"keys": [dict(reversed(second.items())), first]}, indent=4)).digest == digest
    for changed in (rsa_jwk("c"), rsa_jwk("a", number=1), rsa_jwk("a", use=None)):
        assert JWKSet.parse({"keys": [changed, second]}).digest != digest


def test_a_set_can_be_hashed_and_compared() -> None:
    document = {"keys": [rsa_jwk("a"), ec_jwk("b")]}
    assert len({JWKSet.parse(document), JWKSet.parse(json.dumps(document))}) == 1


def test_all_problems_of_a_set_come_together_each_with_its_place() -> None:
    error = refusal_of(
        {"keys": [rsa_jwk("good"), ec_jwk("bad", use="enc", crv="P-521"), 3, rsa_jwk("k" * 200, e="AQ")]}
    )
    assert [(problem.path, problem.kid, problem.code) for problem in error.problems] == [
        ("keys[1]", "bad", KeyProblemCode.USE),
        ("keys[1]", "bad", KeyProblemCode.CURVE),
        ("keys[2]", None, KeyProblemCode.NOT_AN_OBJECT),
        ("keys[3]", "k" * 200, KeyProblemCode.EXPONENT_TOO_SMALL),
    ]
    assert 'keys[1] (kid "bad"): The curve (crv) "P-521" is not supported: use P-256.' in str(error)
    assert f'keys[3] (kid "{"k" * 63}…"): ' in str(error)


def test_an_inspection_keeps_the_good_keys_and_shows_the_bad_one() -> None:
    inspection = inspect_jwks({"keys": [rsa_jwk("a"), ec_jwk("b", use="enc"), ec_jwk("c")]})
    assert inspection.usable
    assert [key.kid for key in inspection.usable.keys] == ["a", "c"]
    assert [(row.index, row.kid, bool(row.problems)) for row in inspection.rows] == [
        (0, "a", False),
        (1, "b", True),
        (2, "c", False),
    ]
    assert inspection.problems == ()


def test_an_inspection_without_one_good_key_has_nothing_usable() -> None:
    inspection = inspect_jwks({"keys": [ec_jwk("b", use="enc")]})
    assert inspection.usable is None
    assert len(inspection.rows) == 1


def test_of_keys_that_share_a_name_none_is_usable() -> None:
    inspection = inspect_jwks({"keys": [rsa_jwk("a"), ec_jwk("b"), ec_jwk("a")]})
    assert inspection.usable
    assert [key.kid for key in inspection.usable.keys] == ["b"]
    assert [problem.path for problem in inspection.all_problems] == ["keys[0]", "keys[2]"]


def test_keys_without_a_name_do_not_count_as_sharing_one() -> None:
    inspection = inspect_jwks({"keys": [rsa_jwk(kid=None), ec_jwk(kid=None)]})
    assert {problem.code for problem in inspection.all_problems} == {KeyProblemCode.KID_MISSING}


def test_a_key_cannot_be_changed() -> None:
    (key,) = JWKSet.parse({"keys": [ec_jwk()]}).keys
    with pytest.raises(AttributeError):
        key.kid = "other"  # type: ignore[misc]
    assert replace(key, kid="other").thumbprint == key.thumbprint


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["RSA", "AQAB"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["keys", "kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y", "d"])
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
NAMES = ["kty", "kid", "use", "alg", "key_ops", "n", "e", "crv", "x", "y", "d", "k"]


@settings(deadline=None)
@given(JSON_VALUES, st.sampled_from(["value", "text", "bytes"]))
def test_no_json_value_raises_anything_but_a_refusal(value: Any, form: str) -> None:
    text = json.dumps(value)
    document = {"value": value, "text": text, "bytes": text.encode()}[form]
    assert all(problem.message for problem in refusal_of(document).problems)


@settings(deadline=None)
@given(st.text() | st.binary())
def test_no_text_raises_anything_but_a_refusal(document: str | bytes) -> None:
    assert all(problem.message for problem in refusal_of(document).problems)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([rsa_jwk, ec_jwk]), st.dictionaries(st.sampled_from(NAMES), JSON_VALUES, min_size=1))
def test_no_changed_key_is_taken_for_what_it_is_not(make: Any, changes: dict[str, Any]) -> None:
    inspection = inspect_jwks({"keys": [make() | changes]})
    if inspection.usable:
        (key,) = inspection.usable.keys
        assert isinstance(key, PublicJWK)
        assert key.members.keys() <= set(NAMES) - {"key_ops", "d", "k"}
        assert key.public_key().key_size == key.size
    else:
        assert inspection.all_problems

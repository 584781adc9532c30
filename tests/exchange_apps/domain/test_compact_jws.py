"""Taking a compact JWS apart: exactly what an encoder writes, or a sentence that repeats nothing of it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.compact_jws import MOST_BYTES, CompactJWS, MalformedJWS
from tests.keys import base64url

GOOD_HEADER, GOOD_CLAIMS = base64url(b'{"alg":"RS256"}'), base64url(b'{"iss":"x"}')


def test_a_jws_is_taken_apart() -> None:
    jws = CompactJWS.parse(f"{GOOD_HEADER}.{GOOD_CLAIMS}.c2ln")
    assert jws.unverified_header == {"alg": "RS256"}
    assert jws.unverified_claims == {"iss": "x"}
    assert jws.signing_input == f"{GOOD_HEADER}.{GOOD_CLAIMS}".encode()
    assert jws.signature == b"sig"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "three parts"),
        ("a.b", "three parts"),
        ("a.b.c.d", "three parts"),
        ("a.b.c.d.e", "three parts"),
        (f".{GOOD_CLAIMS}.c2ln", "its header"),
        (f"{GOOD_HEADER}..c2ln", "its payload"),
        (f"{GOOD_HEADER}.{GOOD_CLAIMS}.", "its signature"),
        (f"{GOOD_HEADER}.{GOOD_CLAIMS}.c2ln=", "its signature"),
        (f"{GOOD_HEADER}.{GOOD_CLAIMS}.c2lu\n", "its signature"),
        (f"{GOOD_HEADER}.{GOOD_CLAIMS}.c2lnA", "its signature"),
        (f"{GOOD_HEADER}.{GOOD_CLAIMS}.c2l", "its signature"),
        (f"{GOOD_HEADER}.{base64url(b'[]')}.c2ln", "its payload is not a JSON object"),
        (f"{base64url(b'1')}.{GOOD_CLAIMS}.c2ln", "its header is not a JSON object"),
        (f"{base64url(b'{')}.{GOOD_CLAIMS}.c2ln", "its header"),
        (f"{GOOD_HEADER}.{base64url(bytes([0xFF]))}.c2ln", "its payload"),
        (f"{base64url(b'{}')}.{base64url(b'{}')}.{'A' * MOST_BYTES}", "16 KiB"),
        (base64url(b'{"crit":[]}') + f".{GOOD_CLAIMS}.c2ln", "crit"),
        (base64url(b'{"b64":true}') + f".{GOOD_CLAIMS}.c2ln", "plain JSON"),
        (base64url(b'{"zip":"DEF"}') + f".{GOOD_CLAIMS}.c2ln", "plain JSON"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_anything_else_is_malformed_and_the_sentence_says_how(text: str, sentence: str) -> None:
    with pytest.raises(MalformedJWS, match=sentence):
        CompactJWS.parse(text)


def test_16_kib_are_read() -> None:
    short = f"{GOOD_HEADER}.{GOOD_CLAIMS}."
    length = (MOST_BYTES - len(short)) // 4 * 4
    assert CompactJWS.parse(short + "A" * length).signature == bytes(length // 4 * 3)


def test_the_sentence_repeats_nothing_of_the_token() -> None:
    secret = base64url(b'{"password": "hunter2", "password": "hunter2"}')
    with pytest.raises(MalformedJWS) as refused:
        CompactJWS.parse(f"{GOOD_HEADER}.{secret}.c2ln")
    assert "hunter2" not in str(refused.value)
    assert secret not in str(refused.value)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=6), plain, max_size=4), st.dictionaries(st.text(max_size=6), plain, max_size=4))
def test_every_object_is_read_as_it_was_written(header: dict[str, object], claims: dict[str, object]) -> None:
    for name in ("crit", "b64", "zip"):
        header.pop(name, None)
    text = ".".join((base64url(json.dumps(header).encode()), base64url(json.dumps(claims).encode()), "c2ln"))
    jws = CompactJWS.parse(text)
    assert (jws.unverified_header, jws.unverified_claims) == (header, claims)


@given(st.text(max_size=100) | st.text(st.sampled_from("eyJ09.-_= "), max_size=80))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        CompactJWS.parse(text)
    except MalformedJWS as error:
        assert str(error).startswith("it")  # noqa: PT017 - it may as well pass

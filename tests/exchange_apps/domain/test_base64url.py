from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain import base64url


@given(st.binary(min_size=1))
def test_what_is_encoded_is_decoded_again(octets: bytes) -> None:
    assert base64url.decode(base64url.encode(octets)) == octets


@given(st.text(alphabet="AZaz09-_+/= \n\u00e9", max_size=12))
def test_every_accepted_text_is_the_only_spelling_of_its_octets(text: str) -> None:
    try:
        octets = base64url.decode(text)
    except ValueError:
        return
    assert base64url.encode(octets) == text


@given(st.integers(min_value=1, max_value=2**300))
def test_an_integer_takes_as_few_octets_as_hold_it(number: int) -> None:
    text = base64url.encode_uint(number)
    assert base64url.decode_uint(text) == number
    assert base64url.decode(text)[0] != 0


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("AQAB====", id="padding"),
        pytest.param("AQ==", id="padding that fits"),
        pytest.param("AQ AB", id="space"),
        pytest.param("AQAB\n", id="line break at the end"),
        pytest.param("-_+/", id="standard alphabet"),
        pytest.param("AQABA", id="impossible length"),
        pytest.param("AR", id="stray bits after one octet"),
        pytest.param("AQF", id="stray bits after two octets"),
        pytest.param("AQÀB", id="letter outside ASCII"),
    ],
)
def test_text_that_is_not_strict_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not base64url"):
        base64url.decode(text)


def test_a_refusal_does_not_repeat_the_text() -> None:
    secret = base64.b64encode(b"\xfb" * 30).decode()
    with pytest.raises(ValueError, match="is not base64url") as caught:
        base64url.decode(secret)
    assert secret not in repr(caught.value)
    assert caught.value.__context__ is None

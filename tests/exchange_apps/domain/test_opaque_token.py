"""The form of a minted token: prefix, 38 random characters, 6 of a checksum."""

from __future__ import annotations

import hashlib
import re
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.opaque_token import OpaqueToken

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase


def checksum(body: str) -> str:
    """Counted here once more and in another way, from what is published."""
    number, digits = zlib.crc32(body.encode()), ""
    for place in range(5, -1, -1):
        digits += BASE62[number // 62**place % 62]
    return digits


def test_a_token_has_the_published_form() -> None:
    for _ in range(200):
        secret = OpaqueToken.generate("bktx_").secret
        assert re.fullmatch(r"bktx_[0-9A-Za-z]{44}", secret)
        assert secret[-6:] == checksum(secret[5:-6])


def test_tokens_are_random_in_every_place() -> None:
    bodies = [OpaqueToken.generate("").secret[:38] for _ in range(300)]
    assert len(set(bodies)) == 300
    assert all(len({body[place] for body in bodies}) > 30 for place in range(38))


def test_a_token_is_read_back() -> None:
    token = OpaqueToken.generate("bktx_")
    assert OpaqueToken.parse(token.secret, "bktx_") == token
    assert OpaqueToken.parse(token.secret, "other_") is None
    assert OpaqueToken.parse(token.secret, "") is None


def test_the_digest_is_sha_256_of_the_whole() -> None:
    token = OpaqueToken.generate("bktx_")
    assert token.digest() == hashlib.sha256(token.secret.encode()).digest()


def test_a_token_hides_when_printed() -> None:
    token = OpaqueToken.generate("bktx_")
    assert repr(token) == str(token) == f"{token}" == "OpaqueToken()"


def test_a_checksum_is_padded_with_zeros() -> None:
    body = next(b for b in (f"{n:038d}" for n in range(10_000)) if zlib.crc32(b.encode()) < 62**4)
    assert checksum(body).startswith("00")
    assert OpaqueToken.parse(f"bktx_{body}{checksum(body)}", "bktx_") is not None


@given(st.text(st.sampled_from(BASE62), min_size=38, max_size=38))
def test_every_body_with_its_checksum_is_a_token(body: str) -> None:
    assert OpaqueToken.parse(f"bktx_{body}{checksum(body)}", "bktx_") is not None


@given(st.data())
def test_no_typo_is_a_token(data: st.DataObject) -> None:
    secret = OpaqueToken.generate("bktx_").secret
    place = data.draw(st.integers(0, len(secret) - 1))
    other = data.draw(st.sampled_from(BASE62 + "_- é１").filter(lambda c: c != secret[place]))
    assert OpaqueToken.parse(secret[:place] + other + secret[place + 1 :], "bktx_") is None


@given(st.text(max_size=60))
def test_no_other_text_is_a_token(text: str) -> None:
    assert OpaqueToken.parse(text, "bktx_") is None


@pytest.mark.parametrize("text", ["", "bktx_", "bktx_" + "0" * 43, "bktx_" + "0" * 45, "bktx_" + "é" * 44])
def test_a_wrong_length_or_alphabet_is_no_token(text: str) -> None:
    assert OpaqueToken.parse(text, "bktx_") is None

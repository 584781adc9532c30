"""When a key ends by its own words: told from `exp` or its certificate, and never a reason to refuse it."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.jwk import JWKSet
from tests.keys import certificate, public_jwk

END = datetime(2027, 5, 6, 7, 8, 9, tzinfo=UTC)


def with_certificate(name: str, *, of: str | None = None, algorithm: str = "RS256") -> dict[str, Any]:
    der = certificate(of or name, END, algorithm).public_bytes(Encoding.DER)
    return public_jwk(name, algorithm) | {"x5c": [base64.b64encode(der).decode(), "more of the chain"]}


def expiry(jwk: dict[str, Any]) -> int | None:
    (key,) = JWKSet.parse({"keys": [jwk]}).keys
    return key.expires_at


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_the_certificate_tells_it(algorithm: str) -> None:
    assert expiry(with_certificate("deploy-1", algorithm=algorithm)) == END.timestamp()


def test_exp_tells_it_before_any_certificate() -> None:
    other = int((END + timedelta(days=1)).timestamp())
    assert expiry(public_jwk("deploy-1") | {"exp": other}) == other
    assert expiry(with_certificate("deploy-1") | {"exp": other}) == other


def test_the_certificate_of_another_key_tells_nothing() -> None:
    assert expiry(with_certificate("deploy-1", of="deploy-2")) is None


@given(
    said=st.fixed_dictionaries({}, optional={
        "exp": st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(max_value=0),
        "x5c": st.none() | st.text(max_size=9) | st.lists(st.none() | st.text(max_size=9), max_size=2),
    })
)  # fmt: skip
def test_whatever_else_stands_there_the_key_is_one_without_an_end(said: dict[str, Any]) -> None:
    assert expiry(public_jwk("deploy-1") | {name: value for name, value in said.items() if value == value}) is None


def test_it_is_stored_with_the_key_and_the_certificate_is_not() -> None:
    stored = JWKSet.parse({"keys": [with_certificate("deploy-1")]}).as_document()
    assert stored == {"keys": [public_jwk("deploy-1") | {"exp": int(END.timestamp())}]}
    assert JWKSet.parse(stored).as_document() == stored

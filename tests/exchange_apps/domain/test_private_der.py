"""A private key is known for what it is without its BEGIN and END lines, and public things are not taken for one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.jwk import KeyProblemCode, inspect_jwks
from exchange_apps.domain.private_der import is_private_der
from tests.keys import private_key


def private_texts() -> list[Any]:
    """Base64 of every DER form that openssl writes, as parameters of a test."""
    found = []
    for algorithm in ("RS256", "ES256"):
        key = private_key("bare", algorithm)
        forms = {
            "PKCS8": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            "openssl": key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
            "encrypted": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
        }
        found += [
            pytest.param(base64.encodebytes(der).decode(), id=f"{algorithm} {name}") for name, der in forms.items()
        ]
    return found


def public_texts() -> list[str]:
    keys = [private_key("bare", algorithm).public_key() for algorithm in ("RS256", "ES256")]
    forms = [key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) for key in keys]
    forms.append(keys[0].public_bytes(Encoding.DER, PublicFormat.PKCS1))
    return [base64.b64encode(der).decode() for der in forms]


@pytest.mark.parametrize("text", private_texts())
def test_private_keys_without_a_label_are_called_leaked(text: str) -> None:
    one_line = "".join(text.split())
    for form in (text, one_line, one_line.replace("+", "-").replace("/", "_"), one_line[: len(one_line) // 2]):
        for document in (form, form.encode(), json.dumps(form)):
            assert [found.code for found in inspect_jwks(document).all_problems] == [KeyProblemCode.PRIVATE_MATERIAL]


@pytest.mark.parametrize("text", public_texts(), ids=["RSA", "EC", "PKCS1"])
def test_public_keys_are_not(text: str) -> None:
    assert not is_private_der(text)


@given(st.text() | st.from_regex(r"[A-Za-z0-9+/_-]{40,90}={0,2}", fullmatch=True))
def test_any_text_is_answered(text: str) -> None:
    assert is_private_der(text) in (True, False)

"""Receipts: what was checked, in order, with everything that looks like a credential taken out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidScope
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.domain.receipt import Check, Receipt, redacted
from tests.keys import sign_assertion


def test_a_receipt_lists_its_checks_in_order() -> None:
    receipt = Receipt()
    receipt.passed(Check.SIGNATURE, "RS256 by deploy-1")
    receipt.passed(Check.EXPIRY, 1_800_000_000)
    with pytest.raises(InvalidScope) as refused:
        receipt.refused(
            Check.SCOPE, InvalidScope, DenialReason.SCOPE_NOT_GRANTABLE, expected="read_builds", seen="write_builds"
        )
    assert receipt.as_json() == [
        {"check": "signature", "passed": True, "expected": "", "seen": "RS256 by deploy-1"},
        {"check": "expiry", "passed": True, "expected": "", "seen": "1800000000"},
        {"check": "scope", "passed": False, "expected": "read_builds", "seen": "write_builds"},
    ]
    assert refused.value.description.endswith("expected read_builds; got write_builds")


SECRETS = {
    "a token of ours": OpaqueToken.generate("bktx_").secret,
    "a job token": "bkaj_0123456789abcdefghij",
    "a user token": "bkua_0123456789abcdef",
    "a token of another house": "ghp_" + "a1B2" * 9,
    "an assertion": sign_assertion("0" * 20),
    "an assertion without its signature": sign_assertion("0" * 20).rpartition(".")[0],
    "a private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize(
    "place", ["{}", "token {} here", "https://x.test/?t={}&b", "'{}'", "x" * 150 + " {}", "x" * 780 + " {}"]
)
def test_a_credential_is_taken_out_wherever_it_stands(kind: str, place: str) -> None:
    secret = SECRETS[kind]
    shown = redacted(place.format(secret))
    twelves = {secret[start : start + 12] for start in range(8, len(secret) - 11)}
    assert not [piece for piece in twelves if piece in shown], shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("acme", "acme"),
        ("", ""),
        (None, "None"),
        (7, "7"),
        (["a", 1], "['a', 1]"),
        ("a\nb\x00c\u202ed", "a?b?c?d"),
        ("ünï", "ünï"),
        ("\ud800", "?"),
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 197 + "..."),
    ],
    ids=ascii,
)
def test_what_is_shown_is_short_and_printable(value: object, shown: str) -> None:
    assert redacted(value) == shown


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_anything_can_be_shown(value: object) -> None:
    shown = redacted(value)
    assert len(shown) <= 200
    assert shown.isprintable()


@given(st.text(st.characters(), max_size=900))
def test_showing_twice_shows_the_same(text: str) -> None:
    assert redacted(redacted(text)) == redacted(text)

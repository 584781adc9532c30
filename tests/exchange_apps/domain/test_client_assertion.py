"""The rules of a proven assertion, without a database. Their boundaries on the wire are in oauth/test_claims.py."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.client_assertion import AssertionRules, ClientAssertion, check_claims
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient
from exchange_apps.domain.receipt import Check, Receipt

NOW = 1_800_000_000
RULES = AssertionRules(("https://tokens.test", "https://tokens.test/oauth/token"), 300, require_jti=False)
GOOD = {"iss": "bot", "sub": "bot", "aud": "https://tokens.test", "iat": NOW, "exp": NOW + 300, "jti": "one"}
ORDER = [
    Check.ISSUER_AND_SUBJECT,
    Check.ASSERTION_AUDIENCE,
    Check.EXPIRY,
    Check.ISSUED_AT,
    Check.NOT_BEFORE,
    Check.ASSERTION_LIFETIME,
    Check.JTI,
]


def check(claims: dict[str, Any], rules: AssertionRules = RULES, now: float = NOW) -> Receipt:
    receipt = Receipt()
    check_claims(ClientAssertion("bot", "deploy-1", "RS256", claims), rules, now=now, receipt=receipt)
    return receipt


def refusal(claims: dict[str, Any], rules: AssertionRules = RULES) -> DenialReason:
    with pytest.raises(InvalidClient) as refused:
        check(claims, rules)
    return refused.value.reason


def test_every_check_of_a_good_assertion_is_in_its_receipt_in_order() -> None:
    rows = check(GOOD | {"nbf": NOW}).rows
    assert all(row.passed for row in rows)
    assert [row.check for row in rows] == ORDER


def test_the_first_check_that_fails_decides() -> None:
    wrong = {"sub": "x", "aud": "x", "iat": "x", "exp": "x", "jti": ""}
    expected = [
        DenialReason.ASSERTION_SUBJECT,
        DenialReason.ASSERTION_AUDIENCE,
        DenialReason.ASSERTION_TIMES_MALFORMED,
        DenialReason.ASSERTION_JTI_MALFORMED,
    ]
    seen = []
    for mended in ([], ["sub"], ["sub", "aud"], ["sub", "aud", "iat", "exp"]):
        seen.append(refusal(GOOD | {name: value for name, value in wrong.items() if name not in mended}))
    assert seen == expected


def test_the_leeway_is_thirty_seconds_and_fractions_count() -> None:
    assert check(GOOD, now=NOW + 329.999)
    with pytest.raises(InvalidClient):
        check(GOOD, now=NOW + 330)
    assert check(GOOD | {"iat": NOW + 30})
    with pytest.raises(InvalidClient):
        check(GOOD, now=NOW - 30.001)


def test_a_jti_is_demanded_where_the_organization_says_so() -> None:
    strict = AssertionRules(RULES.accepted_audiences, 300, require_jti=True)
    without = {name: value for name, value in GOOD.items() if name != "jti"}
    assert check(without)
    assert refusal(without, strict) is DenialReason.ASSERTION_JTI_MISSING
    assert refusal(GOOD | {"jti": None}) is DenialReason.ASSERTION_JTI_MALFORMED


whole = st.integers() | st.integers(NOW - 400, NOW + 400)


@given(whole, whole, whole, st.integers(60, 3600))
def test_whatever_times_pass_the_assertion_is_usable_now_and_short_lived(
    issued: int, expires: int, not_before: int, longest: int
) -> None:
    rules = AssertionRules(RULES.accepted_audiences, longest, require_jti=False)
    try:
        check(GOOD | {"iat": issued, "exp": expires, "nbf": not_before}, rules)
    except InvalidClient:
        fine = issued - 30 <= NOW < expires + 30 and not_before - 30 <= NOW and 0 < expires - issued <= longest
        assert not fine or abs(not_before) > 2**53
    else:
        assert issued - 30 <= NOW < expires + 30
        assert not_before - 30 <= NOW
        assert 0 < expires - issued <= longest


anything = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=4)


@given(st.dictionaries(st.sampled_from(["sub", "aud", "iat", "exp", "nbf", "jti"]), anything))
def test_whatever_claims_say_the_answer_is_a_refusal_or_none(changes: dict[str, Any]) -> None:
    try:
        check(GOOD | changes)
    except InvalidClient as error:
        assert error.description.isascii()  # noqa: PT017 - it may as well pass

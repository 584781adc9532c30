"""What is told of a claim that nearly satisfied a rule."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.near_misses import near_misses


@pytest.mark.parametrize(
    ("rule", "seen", "hint"),
    [
        ('ref equals "refs/heads/main"', '"refs/heads/Main"', "Only capital letters differ"),
        ('repository equals "acme/shop"', '"acme/shopp"', "did you mean acme/shop?"),
        ('repository_id equals "1001"', "1001", "its type is not: the token says 1001, the rule"),
        ("oidc.circleci.com/ssh-rerun equals false", '"false"', "its type is not"),
        ('groups in ["deployers", "admins"]', '["deployer"]', "did you mean deployers?"),
        ('environment equals "prod"', "absent", "has no claim “environment”"),
    ],
)
def test_a_near_miss_is_named(rule: str, seen: str, hint: str) -> None:
    for name in ("", ' "to: production"'):
        (found,) = near_misses("statement", f"statement 3{name}: {rule}", seen)
        assert hint in str(found)


@pytest.mark.parametrize(
    ("rule", "seen"),
    [
        ('ref equals "refs/heads/main"', '"refs/tags/v1.2.3-alpha"'),
        ('actor not_equals "dana"', '"dana"'),
        ('ref equals "refs/heads/m...', '"refs'),
        ("nothing", "at all"),
    ],
)
def test_what_is_far_from_it_is_not(rule: str, seen: str) -> None:
    assert near_misses("statement", f"statement 1: {rule}", seen) == ()


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_compared_nothing_breaks(wanted: str, seen: str) -> None:
    near_misses("statement", f"statement 1: a equals {json.dumps(wanted)}", json.dumps(seen))
    near_misses("statement", wanted, seen)

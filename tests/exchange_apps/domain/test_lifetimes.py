"""How long a token lives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain import lifetimes
from exchange_apps.domain.lifetimes import granted_lifetime


@pytest.mark.parametrize(
    ("requested", "maximum", "granted"),
    [(None, 3600, 3600), (30, 3600, 30), (3600, 3600, 3600), (3601, 3600, 3600), (10**18, 60, 60), (30, 30, 30)],
)
def test_what_is_asked_for_is_capped_at_the_maximum(requested: int | None, maximum: int, granted: int) -> None:
    assert granted_lifetime(requested, maximum) == granted


@given(st.integers(30), st.integers(30, 86_400))
def test_nobody_gets_more_than_he_asked_for_or_may_have(requested: int, maximum: int) -> None:
    assert granted_lifetime(requested, maximum) == sorted((requested, maximum))[0]


def test_the_figures_are_those_that_are_promised() -> None:
    assert (lifetimes.SHORTEST_TOKEN_TTL, lifetimes.LONGEST_TOKEN_TTL, lifetimes.DEFAULT_TOKEN_TTL) == (
        30,
        86_400,
        3_600,
    )
    assert (lifetimes.SHORTEST_ASSERTION_LIFETIME, lifetimes.LONGEST_ASSERTION_LIFETIME) == (60, 3_600)
    assert (lifetimes.DEFAULT_ASSERTION_LIFETIME, lifetimes.CLOCK_LEEWAY) == (300, 30)

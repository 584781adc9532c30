"""Globs: what they mean, checked against the plainest possible matcher, and that none of them is slow."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exchange_apps.domain.trust_policy.glob import LONGEST_PATTERN, LONGEST_TEXT, compile_glob


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("refs/heads/main", "refs/heads/main", True),
        ("refs/heads/main", "refs/heads/Main", False),
        ("refs/heads/*", "refs/heads/release", True),
        ("refs/heads/*", "refs/heads/", True),
        ("refs/heads/*", "refs/heads/feature/x", False),
        ("refs/heads/**", "refs/heads/feature/x", True),
        ("repo:acme/*:ref:*", "repo:acme/shop:ref:refs", True),
        ("repo:acme/*:ref:*", "repo:acme/shop:ref:refs/heads/main", False),
        ("repo:acme/*", "repo:acme/shop:pull_request", False),
        ("repo:acme/**", "repo:acme/shop:pull_request", True),
        ("*", "", True),
        ("*", "a:b", False),
        ("**", "a:b/c\n", True),
        ("v?", "v1", True),
        ("v?", "v", False),
        ("v?", "v12", False),
        ("a?b", "a/b", False),
        ("a*", "ba", False),
        ("*a", "ab", False),
        ("[ab]", "a", False),
        ("a.c", "abc", False),
        ("", "", True),
        ("", "a", False),
        ("**a*b", "a/ab", True),
        ("*ab", "abab", True),
        ("***", "a/b", True),
    ],
)
def test_a_pattern_holds_for_whole_strings(pattern: str, text: str, holds: bool) -> None:
    assert compile_glob(pattern)(text) is holds


def plainly(pattern: str, text: str) -> bool:
    """Tries everything: slow, but it cannot be wrong."""

    @cache
    def fits(at: int, place: int) -> bool:
        if at == len(pattern):
            return place == len(text)
        if pattern.startswith("**", at):
            return fits(at + 2, place) or (place < len(text) and fits(at, place + 1))
        if pattern[at] == "*":
            return fits(at + 1, place) or (place < len(text) and text[place] not in ":/" and fits(at, place + 1))
        return place < len(text) and _is_one(pattern[at], text[place]) and fits(at + 1, place + 1)

    return fits(0, 0)


def _is_one(wanted: str, char: str) -> bool:
    return char not in ":/" if wanted == "?" else char == wanted


@given(st.text("ab:/*?", max_size=12), st.text("ab:/", max_size=14))
@settings(max_examples=500)
@example("**a*b", "a/ab")
@example("*:a**b*", ":a:ab")
@example("***", "")
def test_it_agrees_with_a_matcher_that_tries_everything(pattern: str, text: str) -> None:
    assert compile_glob(pattern)(text) is plainly(pattern, text)


@pytest.mark.parametrize(
    "pattern", ["*a" * 200 + "b", "**a" * 150 + "b", "*a**" * 100 + "b", "**" + "*a" * 200 + "b", "*?" * 200 + "b"]
)
def test_no_pattern_is_slow_on_the_longest_text(pattern: str) -> None:
    text = "a" * LONGEST_TEXT
    begun = time.process_time()
    assert compile_glob(pattern)(text) is False
    assert time.process_time() - begun < 2.0  # exponential time would not end this year


def test_a_pattern_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 512 characters"):
        compile_glob("a" * (LONGEST_PATTERN + 1))


def test_a_text_that_is_too_long_matches_nothing() -> None:
    assert not compile_glob("**")("a" * (LONGEST_TEXT + 1))

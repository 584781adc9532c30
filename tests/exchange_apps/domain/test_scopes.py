"""Sets of scopes: read, compared, rendered; over-asking is seen."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.scopes import ScopeSet

ALLOWED = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"\\')
names = st.text(st.sampled_from(ALLOWED), min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("", ""),
        ("   ", ""),
        ("b", "b"),
        ("b a", "a b"),
        ("a  b   a", "a b"),
        ("read:x/y.z-w_v", "read:x/y.z-w_v"),
        ("B a A", "A B a"),
    ],
)
def test_scopes_are_rendered_sorted_and_once(text: str, rendered: str) -> None:
    assert ScopeSet.parse(text).render() == rendered


@pytest.mark.parametrize(
    "text", ['"', "a\\b", "a\tb", "a\nb", "a\x00", "é", "a\u2003b", "x" * 65, "\x7f", "a\u200b"], ids=ascii
)
def test_what_is_no_scope_token_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 64 visible ASCII"):
        ScopeSet.parse(text)


def test_there_may_be_200_scopes_and_not_one_more() -> None:
    assert len(list(ScopeSet.of(f"s{number}" for number in range(200)))) == 200
    with pytest.raises(ValueError, match="more than 200"):
        ScopeSet.of(f"s{number}" for number in range(201))


@pytest.mark.parametrize("entry", [None, 1, ["a"], b"a", ""])
def test_a_list_of_scopes_holds_texts_only(entry: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        ScopeSet.of([entry])  # type: ignore[list-item]


@given(st.frozensets(names, max_size=20))
def test_rendering_and_reading_are_inverse(chosen: frozenset[str]) -> None:
    assert ScopeSet.parse(ScopeSet.of(chosen).render()).names == chosen


@given(st.frozensets(names, max_size=8), st.frozensets(names, max_size=8))
def test_what_is_beyond_is_what_is_not_covered(asked: frozenset[str], grantable: frozenset[str]) -> None:
    beyond = ScopeSet(asked) - ScopeSet(grantable)
    assert beyond.names == asked - grantable
    assert bool(beyond) is not (ScopeSet(asked) <= ScopeSet(grantable))


@given(st.text(st.sampled_from(string.printable + "é\u2003"), max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        found = ScopeSet.parse(text)
    except ValueError as error:
        assert str(error)  # noqa: PT017 - it may as well pass
    else:
        assert found.names == {part for part in text.split(" ") if part}

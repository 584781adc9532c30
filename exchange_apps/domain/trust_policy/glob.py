"""Glob patterns of trust policies: `*` stays inside one part, `**` crosses parts, `?` is one character of a part.

Parts are what stands between `:` and `/`. A pattern becomes a regular expression without nested repetition, in which
every choice but the last is atomic, so that no pattern and no claim makes it slow: the time grows with the length of
the text, and at worst with its square.
"""

from __future__ import annotations

import re
from collections.abc import Callable

LONGEST_PATTERN = 512
LONGEST_TEXT = 2048
"""Longer claims match nothing."""

_INSIDE_A_PART = "[^:/]"
_WILDCARDS = re.compile(r"(\*{2,}|\*|\?)")


def compile_glob(pattern: str) -> Callable[[str], bool]:
    """A test for whole strings, case-sensitive. Raises ValueError with a sentence for a pattern that is too long."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"a pattern has at most {LONGEST_PATTERN} characters")
    literal = _WILDCARDS.split(pattern)[0]
    if literal == pattern:
        return pattern.__eq__
    matches = re.compile(_expression(pattern), re.DOTALL).fullmatch

    def holds(text: str) -> bool:
        return len(text) <= LONGEST_TEXT and text.startswith(literal) and matches(text) is not None

    return holds


def _expression(pattern: str) -> str:
    """Between two `**` the earliest place where a stretch fits is as good as any later one, because the second `**`
    takes whatever is left; only the last stretch is tied to the end and has to be looked for."""
    first, *later = (_stretch_parts(stretch) for stretch in re.split(r"\*{2,}", pattern))
    if not later:
        return _stretch(first, tied_to_end=True)
    middle = "".join(f"(?>.*?{_stretch(parts, tied_to_end=False)})" for parts in later[:-1])
    return f"{_stretch(first, tied_to_end=False)}{middle}.*{_stretch(later[-1], tied_to_end=True)}"


def _stretch_parts(stretch: str) -> list[str]:
    """The texts between single stars, as expressions."""
    return ["".join(_INSIDE_A_PART if char == "?" else re.escape(char) for char in text) for text in stretch.split("*")]


def _stretch(parts: list[str], *, tied_to_end: bool) -> str:
    """A `*` takes as little as it can and never gives back: a later place for the same text is reached only by
    characters that the next `*` could take as well. Only the text at the very end has its place fixed."""
    first, *rest = parts
    if tied_to_end and rest:
        *rest, last = rest
        tail = f"{_INSIDE_A_PART}*{last}"
    else:
        tail = ""
    return first + "".join(f"(?>{_INSIDE_A_PART}*?{text})" for text in rest) + tail

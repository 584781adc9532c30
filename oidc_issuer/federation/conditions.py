"""What a relying party asks of one value of a token, and whether a value meets it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ABSENT: Final = object()
"""The claim is not in the token; None is a value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A value must be one of `values`. In a pattern `*` stands for any text at all; None is null, and no pattern."""

    claim: str
    values: tuple[str | None, ...]

    @property
    def has_pattern(self) -> bool:
        return any(value is not None and "*" in value for value in self.values)

    def holds(self, seen: object) -> bool:
        return any(_meets(value, seen) for value in self.values)

    def expected(self) -> str:
        shown = [value if value is not None else "null" for value in self.values]
        return shown[0] if len(shown) == 1 else f"one of: {', '.join(shown)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a trial. `name` is a sentence to translate, or the plain name of a claim."""

    name: str
    passed: bool
    expected: str = ""
    seen: object = ""


def row_of(condition: Condition, claims: Mapping[str, Any]) -> Row:
    seen = claims.get(condition.claim, ABSENT)
    return Row(condition.claim, condition.holds(seen), condition.expected(), shown(seen))


def shown(value: object) -> str:
    """A claim's value as people read it: text as it is, all else as JSON."""
    if value is ABSENT:
        return "(absent)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def pattern_expression(pattern: str) -> str:
    """A pattern as a regular expression, in the part of the syntax that Python and RE2 share."""
    return "^" + ".*".join(re.escape(part) for part in pattern.split("*")) + "$"


def _meets(value: str | None, seen: object) -> bool:
    if value is None or not isinstance(seen, str):
        return value is None and seen is None
    return re.match(pattern_expression(value), seen, re.DOTALL) is not None if "*" in value else seen == value

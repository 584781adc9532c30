"""What a policy asks of one claim: matchers that must all hold.

Fail closed: an absent claim fails every matcher, also the negative ones, and so does an object. A list holds several
values: for `equals`, `in` and `matches` one of them is enough, for `not_equals` and `not_in` all of them must do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from exchange_apps.domain.trust_policy.glob import compile_glob

Scalar = str | int | float | bool | None
ABSENT: Final = object()
"""The claim is not in the token; `null` is a value."""


class Matcher(StrEnum):
    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    MATCHES = "matches"


@dataclass(frozen=True, slots=True)
class Condition:
    """One matcher with its argument: a scalar for `equals` and `not_equals`, else a tuple of them."""

    matcher: Matcher
    argument: Scalar | tuple[Scalar, ...]

    @property
    def values(self) -> tuple[Scalar, ...]:
        return self.argument if isinstance(self.argument, tuple) else (self.argument,)

    def render(self) -> str:
        """For receipts: `in ["a", "b"]`."""
        shown = [json.dumps(value, ensure_ascii=False) for value in self.values]
        return f"{self.matcher.value} {shown[0] if len(shown) == 1 else '[' + ', '.join(shown) + ']'}"


_AS_THEY_ARE = frozenset({str, int, float})
"""Values that are looked up without more ado; a bool is of none of these types."""
_COST = {Matcher.EQUALS: 0, Matcher.IN: 1, Matcher.NOT_EQUALS: 1, Matcher.NOT_IN: 1, Matcher.MATCHES: 2}


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """All that a statement asks of one claim."""

    claim: str
    conditions: tuple[Condition, ...]
    holds: Callable[[object], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", _all_of([_test(condition) for condition in self.conditions]))

    @property
    def cost(self) -> int:
        """How long it takes, roughly: patterns longest."""
        return max((_COST[condition.matcher] for condition in self.conditions), default=0)

    def failed_condition(self, seen: object) -> Condition | None:
        """The first condition that does not hold for a claim."""
        return next((condition for condition in self.conditions if not _test(condition)(seen)), None)


def _test(condition: Condition) -> Callable[[object], bool]:
    match condition.matcher:
        case Matcher.EQUALS | Matcher.IN:
            return _one_of(condition.values)
        case Matcher.NOT_EQUALS | Matcher.NOT_IN:
            return _none_of(condition.values)
        case Matcher.MATCHES:
            return _fits(condition.values)


def _one_of(values: tuple[Scalar, ...]) -> Callable[[object], bool]:
    if len(values) == 1 and isinstance(values[0], str):
        return _equals_text(values[0])
    wanted = frozenset(map(_typed, values))

    def is_wanted(value: object) -> bool:
        return _is_scalar(value) and _typed(value) in wanted

    def holds(seen: object) -> bool:
        if type(seen) in _AS_THEY_ARE:
            return seen in wanted
        return any(map(is_wanted, seen)) if isinstance(seen, list) else is_wanted(seen)

    return holds


def _equals_text(wanted: str) -> Callable[[object], bool]:
    """By far the most common rule, so it goes straight there: text equals nothing but text."""
    return lambda seen: wanted in seen if isinstance(seen, list) else seen == wanted


def _none_of(values: tuple[Scalar, ...]) -> Callable[[object], bool]:
    unwanted = frozenset(map(_typed, values))

    def is_other(value: object) -> bool:
        return _is_scalar(value) and _typed(value) not in unwanted

    def holds(seen: object) -> bool:
        if type(seen) in _AS_THEY_ARE:
            return seen not in unwanted
        return all(map(is_other, seen)) if isinstance(seen, list) else is_other(seen)

    return holds


def _fits(patterns: tuple[Scalar, ...]) -> Callable[[object], bool]:
    tests = [compile_glob(pattern) for pattern in patterns if isinstance(pattern, str)]
    test = tests[0] if len(tests) == 1 else lambda text: any(one(text) for one in tests)

    def fits(seen: object) -> bool:
        if type(seen) is str:
            return test(seen)
        return isinstance(seen, list) and any(fits(value) for value in seen if isinstance(value, str))

    return fits


def _all_of(tests: list[Callable[[object], bool]]) -> Callable[[object], bool]:
    if len(tests) == 1:
        return tests[0]
    return lambda seen: all(test(seen) for test in tests)


def _is_scalar(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)  # a bool is an int; ABSENT, lists and objects are none


def _typed(value: object) -> object:
    """Python takes True for 1; a policy does not. 1 and 1.0 are one number, as in JSON."""
    return (bool, value) if isinstance(value, bool) else value

"""From the `claims` of a statement to rules: shorthand, matchers and their arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from exchange_apps.domain.problems import Path, Problems
from exchange_apps.domain.trust_policy.glob import compile_glob
from exchange_apps.domain.trust_policy.rules import ClaimRule, Condition, Matcher

MOST_RULES = 50
MOST_VALUES = 200
_PLURAL = {Matcher.EQUALS: "in", Matcher.NOT_EQUALS: "not_in"}


def read_rules(claims: Any, path: Path, problems: Problems) -> tuple[ClaimRule, ...]:
    """The rules of one statement; what is wrong goes to `problems`."""
    if not isinstance(claims, dict):
        problems.add(path, "claims is a mapping from a claim's name to what it must be.")
        return ()
    if len(claims) > MOST_RULES:
        problems.add(path, f"A statement has rules for at most {MOST_RULES} claims.")
        return ()
    return tuple(_rule(name, value, (*path, name), problems) for name, value in claims.items())


def _rule(name: str, value: Any, path: Path, problems: Problems) -> ClaimRule:
    if isinstance(value, list):
        problems.add(path, "A list needs a matcher: write in: [...] or matches: [...].")
        return ClaimRule(name, ())
    if not isinstance(value, dict):
        return ClaimRule(name, (Condition(Matcher.EQUALS, value),))
    if not value:
        problems.add(path, "A rule has at least one matcher.")
    return ClaimRule(name, tuple(_conditions(value, path, problems)))


def _conditions(matchers: dict[str, Any], path: Path, problems: Problems) -> Iterable[Condition]:
    for key, argument in matchers.items():
        place = (*path, key)
        if key not in set(Matcher):
            problems.add(place, f"There is no matcher “{key}”; use {', '.join(Matcher)}.")
            continue
        matcher = Matcher(key)
        if matcher in (Matcher.EQUALS, Matcher.NOT_EQUALS):
            if isinstance(argument, list | dict):
                problems.add(place, f"{key} takes one value; for several write {_PLURAL[matcher]}: [...].")
                continue
            yield Condition(matcher, argument)
        elif (values := _values(matcher, argument, place, problems)) is not None:
            yield Condition(matcher, values)


def _values(matcher: Matcher, argument: Any, path: Path, problems: Problems) -> tuple[Any, ...] | None:
    values = [argument] if matcher is Matcher.MATCHES and isinstance(argument, str) else argument
    if not isinstance(values, list) or not 0 < len(values) <= MOST_VALUES:
        kind = "one pattern, or a list of them" if matcher is Matcher.MATCHES else "a list"
        problems.add(path, f"{matcher.value} takes {kind}, 1 to {MOST_VALUES} in all.")
        return None
    if any(isinstance(value, list | dict) for value in values):
        problems.add(path, f"{matcher.value} takes plain values.")
        return None
    if matcher is Matcher.MATCHES:
        return _patterns(values, path, problems)
    return tuple(values)


def _patterns(values: list[Any], path: Path, problems: Problems) -> tuple[str, ...] | None:
    if not all(isinstance(value, str) for value in values):
        problems.add(path, "matches takes text: put numbers in quotation marks.")
        return None
    try:
        for value in values:
            compile_glob(value)
    except ValueError as error:
        problems.add(path, f"{error}.")
        return None
    return tuple(values)

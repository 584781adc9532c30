"""Whether one rule lets through everything that another does, and whether a rule can hold at all.

Both answer yes only where it is certain: a policy must not be refused for what somebody meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from exchange_apps.domain.trust_policy.glob import compile_glob
from exchange_apps.domain.trust_policy.policy import Statement
from exchange_apps.domain.trust_policy.rules import ClaimRule, Condition, Matcher

_POSITIVE = (Matcher.EQUALS, Matcher.IN, Matcher.MATCHES)
_ANY_CHARACTER_INSIDE = "\ue000"
"""Stands for a `*` of the narrower pattern: text that only a wildcard takes."""


def covers(wider: Statement, narrower: Statement) -> bool:
    """Whether no token reaches `narrower` behind `wider`."""
    if wider.issuer is not None and wider.issuer != narrower.issuer:
        return False
    rules = {rule.claim: rule for rule in narrower.rules}
    return all(rule.claim in rules and _rule_covers(rule, rules[rule.claim]) for rule in wider.rules)


def _rule_covers(wider: ClaimRule, narrower: ClaimRule) -> bool:
    return all(any(_condition_covers(one, other) for other in narrower.conditions) for one in wider.conditions)


def _condition_covers(wider: Condition, narrower: Condition) -> bool:
    if wider.matcher not in _POSITIVE:
        return narrower.matcher not in _POSITIVE and _typed_set(wider) <= _typed_set(narrower)
    if narrower.matcher not in _POSITIVE:
        return False
    if narrower.matcher is Matcher.MATCHES:
        return wider.matcher is Matcher.MATCHES and all(
            any(_glob_covers(str(one), str(other)) for one in wider.values) for other in narrower.values
        )
    holds = ClaimRule("", (wider,)).holds
    return all(holds(value) for value in narrower.values)


def _glob_covers(wider: str, narrower: str) -> bool:
    """The wildcards of the narrower pattern become text; what takes that text takes whatever they stood for."""
    if wider == narrower or wider == "**":
        return True
    if "?" in wider or "?" in narrower:
        return False
    if "**" not in narrower:
        return compile_glob(wider)(narrower.replace("*", _ANY_CHARACTER_INSIDE))
    only_double = "*" not in re.sub(r"\*{2,}", "", wider)
    return only_double and compile_glob(wider)(re.sub(r"\*+", _ANY_CHARACTER_INSIDE, narrower))


def _typed_set(condition: Condition) -> set[tuple[type, object]]:
    return {(type(value), value) for value in condition.values}


def never_holds(rule: ClaimRule, *, is_list: bool) -> bool:
    """Whether no claim satisfies all conditions of a rule. `is_list`: the claim may hold several values at once."""
    positive = [condition for condition in rule.conditions if condition.matcher in _POSITIVE]
    negative = [condition for condition in rule.conditions if condition.matcher not in _POSITIVE]
    for condition in positive:
        if condition.matcher is Matcher.MATCHES:
            continue
        others = negative if is_list else [other for other in rule.conditions if other is not condition]
        if not any(_hold(others)(value) for value in condition.values):
            return True
    return False


def _hold(conditions: list[Condition]) -> Callable[[object], bool]:
    return ClaimRule("", tuple(conditions)).holds if conditions else lambda value: True

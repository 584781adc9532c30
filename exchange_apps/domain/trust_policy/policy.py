"""A trust policy: statements, of which the first whose rules all hold decides, alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.trust_policy.rules import ABSENT, ClaimRule, Condition, Matcher


@dataclass(frozen=True, slots=True)
class Statement:
    """`issuer` None: the provider's. `ttl` in seconds, None: the provider's. `act_as` is a member's e-mail address;
    None: the workload itself."""

    scopes: ScopeSet
    rules: tuple[ClaimRule, ...]
    issuer: str | None = None
    name: str = ""
    ttl: int | None = None
    act_as: str | None = None
    tests: tuple[tuple[str, Callable[[object], bool]], ...] = field(init=False, repr=False, compare=False)
    """Claim and test of each rule, the quick ones first: in which order they are asked does not change the answer."""

    def __post_init__(self) -> None:
        quickest = sorted(self.rules, key=lambda rule: rule.cost)
        object.__setattr__(self, "tests", tuple((rule.claim, rule.holds) for rule in quickest))


@dataclass(frozen=True, slots=True)
class FailedRule:
    """Why a statement did not hold: its first condition that failed. `seen` is ABSENT where the claim is not there."""

    statement: int
    claim: str
    condition: Condition
    seen: object


@dataclass(frozen=True, slots=True)
class TrustPolicy:
    statements: tuple[Statement, ...]

    def first_match(self, claims: Mapping[str, Any], *, issuer: str) -> Statement | None:
        """The statement that decides; None refuses. `claims` are verified, `issuer` is the provider's."""
        get = claims.get
        for statement in self.statements:
            if statement.issuer is None or statement.issuer == issuer:
                for claim, holds in statement.tests:
                    if not holds(get(claim, ABSENT)):
                        break
                else:
                    return statement
        return None

    def failures(self, claims: Mapping[str, Any], *, issuer: str) -> list[FailedRule]:
        """For each statement before the one that decides, or for all: the rule that failed. For receipts."""
        found = []
        for number, statement in enumerate(self.statements):
            failed = _first_failure(number, statement, claims, issuer)
            if failed is None:
                break
            found.append(failed)
        return found


def _first_failure(number: int, statement: Statement, claims: Mapping[str, Any], issuer: str) -> FailedRule | None:
    if statement.issuer not in (None, issuer):
        return FailedRule(number, "iss", Condition(Matcher.EQUALS, statement.issuer), issuer)
    for rule in statement.rules:
        seen = claims.get(rule.claim, ABSENT)  # by its whole name: dots and slashes in it mean nothing
        if (condition := rule.failed_condition(seen)) is not None:
            return FailedRule(number, rule.claim, condition, seen)
    return None

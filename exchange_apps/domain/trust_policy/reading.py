"""From what a person wrote, or a configuration file holds, to a `TrustPolicy`; or to all that is wrong with it."""

from __future__ import annotations

import re
from typing import Any

from exchange_apps.domain.lifetimes import LONGEST_TOKEN_TTL, SHORTEST_TOKEN_TTL
from exchange_apps.domain.problems import Path, Problems
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.trust_policy.policy import Statement, TrustPolicy
from exchange_apps.domain.trust_policy.reading_rules import read_rules
from exchange_apps.domain.yaml_values import NotYAML, Places, read_yaml

MOST_STATEMENTS = 100
LONGEST_TEXT = 64 * 1024
_KEYS = {"name", "iss", "scopes", "claims", "ttl", "act_as"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


class PolicyRefused(ValueError):
    """Every problem, each with its place. `places` gives the line and column of a path, where the policy was text."""

    def __init__(self, problems: Problems, places: Places | None = None) -> None:
        self.problems = tuple(problems)
        self.places = places or {}
        super().__init__(" ".join(self.sentences()))

    def sentences(self) -> list[str]:
        return [f"{self._where(problem.path)}{problem.message}" for problem in self.problems]

    def _where(self, path: Path) -> str:
        while path not in self.places and path:
            path = path[:-1]
        if path in self.places:
            line, column = self.places[path]
            return f"Line {line}, column {column}: "
        return ""


def parse_policy(text: str) -> tuple[TrustPolicy, list[Any], Places]:
    """Read YAML or JSON text: the policy, the plain values it is kept as, and the place of each value.

    Raises PolicyRefused.
    """
    problems, places = Problems(), Places()
    if len(text) > LONGEST_TEXT:
        problems.add((), f"A policy has at most {LONGEST_TEXT // 1024} KiB.")
        raise PolicyRefused(problems)
    try:
        document = read_yaml(text, problems, what="The policy", places=places)
    except NotYAML as error:
        problems.add((), str(error))
        raise PolicyRefused(problems) from None
    policy = _policy(document, problems)
    if problems:
        raise PolicyRefused(problems, places)
    return policy, document, places


def read_policy(document: Any) -> TrustPolicy:
    """The policy in plain values, as a configuration file or the database holds them. Raises PolicyRefused."""
    problems = Problems()
    policy = _policy(document, problems)
    if problems:
        raise PolicyRefused(problems)
    return policy


def _policy(document: Any, problems: Problems) -> TrustPolicy:
    if not isinstance(document, list) or not document:
        problems.add((), "A policy is a list of one statement or more.")
        return TrustPolicy(())
    if len(document) > MOST_STATEMENTS:
        problems.add((), f"A policy has at most {MOST_STATEMENTS} statements.")
        return TrustPolicy(())
    return TrustPolicy(tuple(_statement(entry, (number,), problems) for number, entry in enumerate(document)))


def _statement(entry: Any, path: Path, problems: Problems) -> Statement:
    if not isinstance(entry, dict):
        problems.add(path, "A statement is a mapping with scopes and claims.")
        return Statement(ScopeSet(), ())
    for key in entry.keys() - _KEYS:
        problems.add((*path, key), f"A statement has no “{key}”; it may have {', '.join(sorted(_KEYS))}.")
    return Statement(
        scopes=_scopes(entry.get("scopes"), (*path, "scopes"), problems),
        rules=read_rules(entry.get("claims", {}), (*path, "claims"), problems),
        issuer=_text(entry, "iss", path, problems),
        name=_text(entry, "name", path, problems) or "",
        ttl=_ttl(entry.get("ttl"), (*path, "ttl"), problems),
        act_as=_act_as(entry, path, problems),
    )


def _scopes(value: Any, path: Path, problems: Problems) -> ScopeSet:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        problems.add(path, "scopes is a list of one scope or more.")
        return ScopeSet()
    try:
        return ScopeSet.of(value)
    except ValueError as error:
        problems.add(path, f"{error}.")
        return ScopeSet()


def _text(entry: dict[str, Any], key: str, path: Path, problems: Problems) -> str | None:
    value = entry.get(key)
    if value is None or (isinstance(value, str) and 0 < len(value) <= 320):
        return value
    problems.add((*path, key), f"{key} is text of 1 to 320 characters.")
    return None


def _act_as(entry: dict[str, Any], path: Path, problems: Problems) -> str | None:
    address = _text(entry, "act_as", path, problems)
    if address is not None and not _EMAIL.fullmatch(address):
        problems.add((*path, "act_as"), "act_as is the e-mail address of a member.")
        return None
    return address.lower() if address else None


def _ttl(value: Any, path: Path, problems: Problems) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not SHORTEST_TOKEN_TTL <= value <= LONGEST_TOKEN_TTL:
        problems.add(path, f"ttl is a whole number of seconds from {SHORTEST_TOKEN_TTL} to {LONGEST_TOKEN_TTL}.")
        return None
    return value

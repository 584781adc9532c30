"""A trust policy while somebody puts it together: rows of a form, unfinished ones included.

`drafts_of` and `values_of` lead from the plain values of a policy to its drafts and back without loss.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from exchange_apps.domain.trust_policy.rules import Matcher

_PLURAL = {Matcher.EQUALS.value: Matcher.IN.value, Matcher.NOT_EQUALS.value: Matcher.NOT_IN.value}
_KNOWN = {"name", "iss", "scopes", "claims", "ttl", "act_as"}


class Kind(StrEnum):
    TEXT = "text"
    OTHER = "json"
    """Numbers, true, false, null: each line is a JSON value."""


@dataclass(slots=True)
class DraftRow:
    """One condition; `value` holds one value a line."""

    claim: str = ""
    matcher: str = Matcher.EQUALS.value
    value: str = ""
    kind: str = Kind.TEXT.value

    @property
    def lines(self) -> int:
        return max(1, self.value.count("\n") + 1)


@dataclass(slots=True)
class DraftStatement:
    name: str = ""
    iss: str = ""
    scopes: list[str] = field(default_factory=list)
    ttl: str = ""
    act_as: str = ""
    rows: list[DraftRow] = field(default_factory=list)


def drafts_of(values: Any) -> list[DraftStatement] | None:
    """The drafts of plain values; None where rows could not show all that is in them."""
    if not isinstance(values, list) or not all(_can_be_shown(entry) for entry in values):
        return None
    return [
        DraftStatement(
            name=entry.get("name") or "",
            iss=entry.get("iss") or "",
            scopes=list(entry.get("scopes") or []),
            ttl="" if entry.get("ttl") is None else str(entry["ttl"]),
            act_as=entry.get("act_as") or "",
            rows=[row for claim, rule in (entry.get("claims") or {}).items() for row in _rows(claim, rule)],
        )
        for entry in values
    ]


def values_of(drafts: list[DraftStatement]) -> list[dict[str, Any]]:
    return [_statement(draft) for draft in drafts]


def _can_be_shown(entry: Any) -> bool:
    if not isinstance(entry, dict) or not entry.keys() <= _KNOWN:
        return False
    texts = (entry.get("name"), entry.get("iss"), entry.get("act_as"))
    scopes, claims, ttl = entry.get("scopes") or [], entry.get("claims") or {}, entry.get("ttl")
    return (
        all(text is None or isinstance(text, str) for text in texts)
        and isinstance(scopes, list)
        and all(isinstance(scope, str) for scope in scopes)
        and (ttl is None or type(ttl) is int)
        and isinstance(claims, dict)
        and all(_rule_can_be_shown(rule) for rule in claims.values())
    )


def _rule_can_be_shown(rule: Any) -> bool:
    if not isinstance(rule, dict):
        return not isinstance(rule, list)
    return bool(rule) and all(
        matcher in set(Matcher) and _argument_can_be_shown(matcher, argument) for matcher, argument in rule.items()
    )


def _argument_can_be_shown(matcher: str, argument: Any) -> bool:
    if not isinstance(argument, list):
        return not isinstance(argument, dict) and matcher not in (Matcher.IN, Matcher.NOT_IN)
    return bool(argument) and matcher not in _PLURAL and not any(isinstance(value, list | dict) for value in argument)


def _rows(claim: str, rule: Any) -> Iterator[DraftRow]:
    for matcher, argument in rule.items() if isinstance(rule, dict) else [(Matcher.EQUALS.value, rule)]:
        values = argument if isinstance(argument, list) else [argument]
        if all(isinstance(value, str) and _is_a_line(value) for value in values):
            yield DraftRow(claim, matcher, "\n".join(values))
        else:
            shown = [json.dumps(value, ensure_ascii=False) for value in values]
            yield DraftRow(claim, matcher, "\n".join(shown), Kind.OTHER.value)


def _is_a_line(text: str) -> bool:
    return bool(text) and text == text.strip() and len(text.splitlines()) == 1


def _statement(draft: DraftStatement) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if draft.name:
        entry["name"] = draft.name
    if draft.iss:
        entry["iss"] = draft.iss
    entry["scopes"] = draft.scopes
    entry["claims"] = _claims(draft.rows)
    if draft.ttl:
        entry["ttl"] = int(draft.ttl) if draft.ttl.isascii() and draft.ttl.isdigit() else draft.ttl
    if draft.act_as:
        entry["act_as"] = draft.act_as
    return entry


def _claims(rows: list[DraftRow]) -> dict[str, Any]:
    """Several rows for one claim are matchers of one rule; a row without a claim says nothing yet."""
    rules: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.claim:
            matcher, argument = _argument(row)
            rules.setdefault(row.claim, {})[matcher] = argument
    return {
        claim: rule[Matcher.EQUALS] if rule.keys() == {Matcher.EQUALS.value} else rule for claim, rule in rules.items()
    }


def _argument(row: DraftRow) -> tuple[str, Any]:
    """Several lines make a list: `equals` becomes `in`, `not_equals` becomes `not_in`."""
    values = [_value(line.strip(), row.kind) for line in row.value.splitlines() if line.strip()]
    if len(values) > 1:
        return _PLURAL.get(row.matcher, row.matcher), values
    if row.matcher in (Matcher.IN, Matcher.NOT_IN):
        return row.matcher, values
    return row.matcher, values[0] if values else ""


def _value(text: str, kind: str) -> Any:
    if kind == Kind.TEXT:
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, list | dict) else value

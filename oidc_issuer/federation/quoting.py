"""Texts inside of other languages. What a person typed never ends a quotation early."""

from __future__ import annotations

import json
from typing import Any

from oidc_issuer.federation.conditions import Condition, pattern_expression


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def quoted(text: str) -> str:
    """A double-quoted text of JSON, which YAML and CEL read the same."""
    return json.dumps(text, ensure_ascii=False)


def hcl(text: str) -> str:
    """A text of Terraform's language, where `${` and `%{` would begin an expression."""
    return quoted(text).replace("${", "$${").replace("%{", "%%{")


def bicep(text: str) -> str:
    """A text of Bicep, where `${` would begin an expression."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\${") + "'"


def cel(condition: Condition, claims: str) -> str:
    """A condition in the Common Expression Language, on the map of that name. An absent claim is an error there."""
    name = f"{claims}.{condition.claim}"
    if not condition.has_pattern:
        if len(condition.values) == 1:
            return f"{name} == {_cel_value(condition.values[0])}"
        return f"{name} in [{', '.join(map(_cel_value, condition.values))}]"
    tests = [_cel_pattern(name, value) for value in condition.values if value is not None]
    return tests[0] if len(tests) == 1 else f"({' || '.join(tests)})"


def _cel_value(value: str | None) -> str:
    return "null" if value is None else quoted(value)


def _cel_pattern(name: str, pattern: str) -> str:
    if pattern == "*":
        return f"{name} != null"
    if pattern.endswith("*") and pattern.count("*") == 1:
        return f"{name} != null && {name}.startsWith({quoted(pattern[:-1])})"
    return f"{name} != null && {name}.matches({quoted(pattern_expression(pattern))})"

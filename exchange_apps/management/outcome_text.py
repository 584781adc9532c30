"""What `apply` did or would do, for people: a line for each thing, indented as in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from exchange_apps.services.configuration.outcome import Action, EntryOutcome, Outcome

_SIGNS = {Action.CREATED: "+", Action.UPDATED: "~", Action.DELETED: "-"}
_MOST_SHOWN = 100


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """Only what changes; nothing where all is as it should be."""
    for scope in outcome.scopes:
        yield from _entry_lines(scope, "")
    for organization in outcome.organizations:
        if not organization.changed:
            continue
        itself = organization.itself
        yield from _entry_lines(itself, "") if itself.changed else [f"  organization {_name(itself)}"]
        for entry in list(organization.entries())[1:]:
            yield from _entry_lines(entry, "  ")


def summary(outcome: Outcome, *, plan: bool) -> str:
    counts = outcome.counts()
    told = ", ".join(f"{counts[action]} {action}" for action in Action if counts[action]) or "The file names nothing"
    if not outcome.changed:
        return f"{told}: nothing to do."
    return f"{told}. This is a plan: nothing was changed." if plan else f"{told}."


def _entry_lines(entry: EntryOutcome, indent: str) -> Iterator[str]:
    if not entry.changed:
        return
    yield f"{indent}{_SIGNS[entry.action]} {entry.kind} {_name(entry)}"
    for field, change in entry.changes.items():
        if entry.action is Action.CREATED and change["after"] in ("", [], None, _name(entry)):
            continue
        before = "" if change["before"] is None else f"{_short(change['before'])} → "
        yield f"{indent}      {field}: {before}{_short(change['after'])}"
    for warning in entry.warnings or ():
        yield f"{indent}      warning {warning.name}: {warning.message}"


def _name(entry: EntryOutcome) -> str:
    return str(next(iter(entry.names.values())))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"

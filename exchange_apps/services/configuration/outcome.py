"""What applying a file did, or would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from exchange_apps.domain.trust_linter import Finding

Changes = dict[str, dict[str, Any]]
"""Field → {"before": …, "after": …}, in the names of the file; keys as ids and thumbprints, passwords never."""


class Action(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"


@dataclass(slots=True)
class EntryOutcome:
    """One entry: what it is, by which names it is known, and what became of it."""

    kind: str
    names: dict[str, str | None]
    action: Action
    changes: Changes
    warnings: list[Finding] | None = None
    """What the trust linter warns of, where it looks."""

    @property
    def changed(self) -> bool:
        return self.action is not Action.UNCHANGED

    def as_json(self) -> dict[str, Any]:
        told: dict[str, Any] = {**self.names, "action": self.action.value, "changes": self.changes}
        if self.warnings is not None:
            told["warnings"] = [{"name": warning.name, "message": warning.message} for warning in self.warnings]
        return told


@dataclass(slots=True)
class OrganizationOutcome:
    """An organization with its members, apps and identity providers."""

    itself: EntryOutcome
    members: list[EntryOutcome] = field(default_factory=list)
    applications: list[EntryOutcome] = field(default_factory=list)
    providers: list[EntryOutcome] = field(default_factory=list)
    brought: dict[str, list[EntryOutcome]] = field(default_factory=dict)  # by packages above, under their keys

    def entries(self) -> Iterator[EntryOutcome]:
        yield self.itself
        yield from self.members
        yield from self.applications
        yield from self.providers
        for entries in self.brought.values():
            yield from entries

    @property
    def changed(self) -> bool:
        return any(entry.changed for entry in self.entries())

    def as_json(self) -> dict[str, Any]:
        return {
            **self.itself.as_json(),
            "members": [entry.as_json() for entry in self.members],
            "token_exchange_apps": [entry.as_json() for entry in self.applications],
            "identity_providers": [entry.as_json() for entry in self.providers],
            **{key: [entry.as_json() for entry in entries] for key, entries in self.brought.items()},
        }


@dataclass(slots=True)
class Outcome:
    """The whole run."""

    scopes: list[EntryOutcome] = field(default_factory=list)
    organizations: list[OrganizationOutcome] = field(default_factory=list)

    def entries(self) -> Iterator[EntryOutcome]:
        yield from self.scopes
        for organization in self.organizations:
            yield from organization.entries()

    @property
    def changed(self) -> bool:
        return any(entry.changed for entry in self.entries())

    def counts(self) -> dict[str, int]:
        return count_actions(self.entries())

    def as_json(self) -> Mapping[str, Any]:
        return {
            "version": 1,
            "changed": self.changed,
            "scopes": [entry.as_json() for entry in self.scopes],
            "organizations": [organization.as_json() for organization in self.organizations],
            "errors": [],
        }


def count_actions(entries: Iterator[EntryOutcome]) -> dict[str, int]:
    counts = {action.value: 0 for action in Action}
    for entry in entries:
        counts[entry.action.value] += 1
    return counts

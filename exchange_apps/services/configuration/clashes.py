"""Entries of one file that contradict each other: a second run would undo what the first did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.problems import Path, Problem, Problems

Entry = Mapping[str, Any]
_OF_THE_PERSON = ("uuid", "name", "email_verified", "password_env")


def entries(holder: Mapping[str, Any], key: str, path: Path = ()) -> Iterator[tuple[Path, Entry]]:
    """The sound entries of a list, each with its place."""
    for index, entry in enumerate(holder.get(key) or ()):
        if isinstance(entry, dict):
            yield (*path, key, index), entry


def find_clashes(document: Mapping[str, Any], problems: Problems, *, named_by: Mapping[str, str]) -> None:
    """Add a problem for every name, UUID and client id that stands in the file twice.

    `named_by`: the further lists of an organization, and what tells their entries apart.
    """
    organizations = list(entries(document, "organizations"))
    applications, members, providers = [], [], []
    further: dict[str, list[tuple[Path, Entry]]] = {}
    for path, organization in organizations:
        own_apps = list(entries(organization, "token_exchange_apps", path))
        own_members = list(entries(organization, "members", path))
        own_providers = list(entries(organization, "identity_providers", path))
        _unique(own_apps, "name", problems)
        _unique(own_providers, "name", problems)
        _unique(own_members, "email", problems)
        for key, name in named_by.items():
            own = list(entries(organization, key, path))
            _unique(own, name, problems)
            further.setdefault(key, []).extend(own)
        applications += own_apps
        members += own_members
        providers += own_providers
    _unique(list(entries(document, "scopes")), "name", problems)
    _unique(organizations, "slug", problems)
    _unique(organizations, "uuid", problems)
    _unique(applications, "uuid", problems)
    _unique(applications, "client_id", problems)
    _unique(providers, "uuid", problems)
    for found in further.values():
        _unique(found, "uuid", problems)
    _same_person(members, problems)


def _unique(found: list[tuple[Path, Entry]], key: str, problems: Problems) -> None:
    first: dict[str, Path] = {}
    for path, entry in found:
        if key not in entry:
            continue
        value = str(entry[key]).lower() if key in ("email", "uuid") else str(entry[key])
        if value in first:
            problems.add((*path, key), f"{value} stands at {Problem(first[value], '').place} already.")
        first.setdefault(value, path)


def _same_person(members: list[tuple[Path, Entry]], problems: Problems) -> None:
    """A person in several organizations is one user: what is said of the user must agree."""
    said: dict[tuple[str, str], tuple[Path, Any]] = {}
    owners: dict[str, tuple[Path, str]] = {}
    for path, entry in members:
        email = str(entry.get("email", "")).lower()
        for key in _OF_THE_PERSON:
            if key not in entry:
                continue
            where, value = said.setdefault((email, key), (path, entry[key]))
            if value != entry[key]:
                problems.add((*path, key), f"{Problem(where, '').place} says otherwise of the same person.")
        if "uuid" in entry:
            where, other = owners.setdefault(str(entry["uuid"]).lower(), (path, email))
            if other != email:
                problems.add((*path, "uuid"), f"This UUID stands at {Problem(where, '').place} for another person.")

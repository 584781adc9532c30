"""Bring the database in step with a configuration file: all of it, or nothing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

from django.db import connection, transaction

from audit.actions import AuditAction
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.domain.problems import Problems
from exchange_apps.models import Organization, Scope
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.configuration.clashes import entries, find_clashes
from exchange_apps.services.configuration.document import UnreadableFile, read_values
from exchange_apps.services.configuration.organizations import apply_organization, prune_organizations
from exchange_apps.services.configuration.outcome import OrganizationOutcome, Outcome, count_actions
from exchange_apps.services.configuration.refused import ConfigurationRefused
from exchange_apps.services.configuration.run import Run
from exchange_apps.services.configuration.scopes import apply_scopes
from exchange_apps.services.configuration.sections import sections
from exchange_apps.services.configuration.validation import sound_part

_LOCK = 0x0C0F_F11E  # any number, as long as nothing else in this database uses it


def apply_configuration(
    content: bytes,
    *,
    name: str,
    author: Author,
    plan: bool = False,
    folder: FilePath = FilePath(),
    environment: Mapping[str, str] = os.environ,
) -> Outcome:
    """Apply the file `content`, in one transaction. Raises ConfigurationRefused, with nothing applied.

    A plan does all of it too and then takes it back: what it shows is what would have happened.
    """
    problems = Problems()
    try:
        values = read_values(content, name, problems)
    except UnreadableFile as error:
        problems.add((), str(error))
        raise ConfigurationRefused(problems) from None
    document = sound_part(values, problems)
    find_clashes(document, problems, named_by={section.key: section.named_by for section in sections()})
    run = Run(problems, author, folder, environment, planned=plan)
    with _taken_back_if(lambda: plan or bool(problems)):
        outcome = _apply(run, document, hashlib.sha256(content).hexdigest())
    if problems:
        raise ConfigurationRefused(problems)
    return outcome


def _apply(run: Run, document: Mapping[str, Any], digest: str) -> Outcome:
    outcome = Outcome(scopes=apply_scopes(run, list(entries(document, "scopes"))))
    found = list(entries(document, "organizations"))
    known_scopes = set(Scope.objects.values_list("name", flat=True))
    known_scopes.update(entry.get("name", "") for _, entry in entries(document, "scopes"))
    gone = []
    if document.get("prune") is True and "organizations" in document:
        gone = prune_organizations(run, found)
    results = [apply_organization(run, entry, path, known_scopes) for path, entry in found] + gone
    for organization, result in results:
        outcome.organizations.append(result)
        if result.changed:
            _record(run, organization, result, digest)
    return outcome


def _record(run: Run, organization: Organization, result: OrganizationOutcome, digest: str) -> None:
    record_event(
        AuditAction.CONFIGURATION_APPLIED,
        occurred_at=run.author.now,
        organization=organization.ref(),
        actor=run.author.actor,
        subject=Party(PartyType.ORGANIZATION, organization.pk, organization.name),
        origin=run.author.origin,
        data={"file_sha256": digest, **count_actions(result.entries())},
    )


@contextmanager
def _taken_back_if(unwanted: Any) -> Iterator[None]:
    """A transaction that waits for other runs of `apply`, and is rolled back in the end when `unwanted()`."""
    with transaction.atomic():
        if connection.vendor == "postgresql":  # SQLite lets one writer in at a time anyway
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
        if unwanted():
            transaction.set_rollback(True)

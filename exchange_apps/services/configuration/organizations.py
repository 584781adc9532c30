"""Organizations with everything in them."""

from __future__ import annotations

from functools import partial

from exchange_apps.domain.problems import Path
from exchange_apps.models import Organization
from exchange_apps.services.configuration.applications import apply_applications, prune_applications
from exchange_apps.services.configuration.clashes import Entry, entries
from exchange_apps.services.configuration.entry_checks import check_addresses
from exchange_apps.services.configuration.identity_providers import apply_providers, prune_providers
from exchange_apps.services.configuration.members import apply_members, prune_members
from exchange_apps.services.configuration.outcome import Action, EntryOutcome, OrganizationOutcome
from exchange_apps.services.configuration.run import Run, shown_before
from exchange_apps.services.configuration.sections import sections
from exchange_apps.services.organizations import ORGANIZATION, delete_organization, save_organization

_FIELDS = {
    name: name
    for name in ("name", "token_exchange_enabled", "require_jti", "exchange_rate_limit", "allowed_ips", "mfa_required")
}


def apply_organization(
    run: Run, entry: Entry, path: Path, known_scopes: set[str]
) -> tuple[Organization, OrganizationOutcome]:
    slug = entry.get("slug", "")  # none where the schema refused it: looked at all the same, and not saved
    organization = Organization.objects.filter(slug=slug).first() or Organization(slug=slug, name=slug or "-")
    outcome = OrganizationOutcome(_apply_itself(run, organization, entry, path))
    members = list(entries(entry, "members", path))
    applications = list(entries(entry, "token_exchange_apps", path))
    providers = list(entries(entry, "identity_providers", path))
    prune, gone = entry.get("prune") is True, []
    if prune and "token_exchange_apps" in entry:
        gone = prune_applications(run, organization, applications, path)
    outcome.applications = apply_applications(run, organization, applications, known_scopes) + gone
    outcome.members = apply_members(run, organization, members)
    if prune and "members" in entry:
        outcome.members += prune_members(run, organization, members, path)
    if prune and "identity_providers" in entry:
        outcome.providers += prune_providers(run, organization, providers, path)
    outcome.providers += apply_providers(run, organization, providers, known_scopes)
    brought = [(section, list(entries(entry, section.key, path))) for section in sections()]
    for section, found in brought:
        outcome.brought[section.key] = section.apply(run, organization, found, path)
    for section, found in reversed(brought if prune else []):
        if section.key in entry:
            outcome.brought[section.key] += section.prune(run, organization, found, path)
    return organization, outcome


def prune_organizations(run: Run, found: list[tuple[Path, Entry]]) -> list[tuple[Organization, OrganizationOutcome]]:
    """Before the others are applied, so that their ids are free again."""
    gone = []
    for row in Organization.objects.exclude(slug__in=[entry.get("slug") for _, entry in found]):
        names: dict[str, str | None] = {"slug": row.slug, "uuid": str(row.pk)}
        ref = Organization(id=row.pk, slug=row.slug, name=row.name)
        if run.attempt(("organizations",), partial(delete_organization, row, author=run.author)):
            gone.append((ref, OrganizationOutcome(EntryOutcome("organization", names, Action.DELETED, {}))))
    return gone


def _apply_itself(run: Run, organization: Organization, entry: Entry, path: Path) -> EntryOutcome:
    before = shown_before(organization, ORGANIZATION)
    run.begin(organization, entry, path)
    run.fill(organization, entry, _FIELDS)
    check_addresses(run, entry.get("allowed_ips", ()), (*path, "allowed_ips"))
    action, changes = run.finish(
        organization, ORGANIZATION, before, partial(save_organization, organization, author=run.author), path
    )
    names = {"slug": organization.slug, "uuid": run.shown_id(organization.pk)}
    return EntryOutcome("organization", names, action, changes)

"""Identity providers: whom an organization trusts, and under which policy."""

from __future__ import annotations

from functools import partial

from exchange_apps.domain.identity_presets import Preset
from exchange_apps.domain.problems import Path
from exchange_apps.domain.trust_linter import Finding, Severity
from exchange_apps.domain.trust_policy import PolicyRefused
from exchange_apps.models import IdentityProvider, Organization
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.entry_checks import check_addresses, check_scopes
from exchange_apps.services.configuration.key_entries import read_keys
from exchange_apps.services.configuration.outcome import Action, EntryOutcome
from exchange_apps.services.configuration.run import Run, shown_before
from exchange_apps.services.identity_providers import (
    PROVIDER,
    check_issuer,
    delete_identity_provider,
    findings_for,
    follow_keys,
    save_identity_provider,
)

_FIELDS = {
    name: name
    for name in (
        "preset",
        "issuer",
        "audiences",
        "token_ttl",
        "mode",
        "enabled",
        "exchange_allowed_ips",
        "token_allowed_ips",
        "policy",
    )
}


def apply_providers(
    run: Run, organization: Organization, found: list[tuple[Path, Entry]], known_scopes: set[str]
) -> list[EntryOutcome]:
    stored = {row.name: row for row in organization.identity_providers.all()}
    outcomes = []
    for path, entry in found:
        name = entry.get("name", "")  # none where the schema refused it: looked at all the same, and not saved
        fresh = IdentityProvider(organization=organization, name=name, preset=Preset.GENERIC.value)
        outcomes.append(_apply_provider(run, stored.get(name) or fresh, entry, path, known_scopes))
    return outcomes


def prune_providers(
    run: Run, organization: Organization, found: list[tuple[Path, Entry]], path: Path
) -> list[EntryOutcome]:
    outcomes = []
    for row in organization.identity_providers.exclude(name__in=[entry.get("name") for _, entry in found]):
        outcomes.append(EntryOutcome("identity provider", _names(run, row), Action.DELETED, {}))
        run.attempt((*path, "identity_providers"), partial(delete_identity_provider, row, author=run.author))
    return outcomes


def _apply_provider(
    run: Run, provider: IdentityProvider, entry: Entry, path: Path, known_scopes: set[str]
) -> EntryOutcome:
    before = shown_before(provider, PROVIDER)
    run.begin(provider, entry, path)
    if "policy" in entry and entry["policy"] != provider.policy:
        provider.policy_text = ""  # what somebody wrote in the portal is no longer what holds
    run.fill(provider, entry, _FIELDS)
    for key in ("exchange_allowed_ips", "token_allowed_ips"):
        check_addresses(run, entry.get(key, ()), (*path, key))
    keys = read_keys(run, entry, path)
    provider.jwks = None if keys is None else keys.as_document()
    provider.jwks_uri = entry.get("jwks_uri", "")
    of_issuer = any(run.problems.touch((*path, key)) for key in ("preset", "issuer"))
    if not of_issuer and run.attempt(path, partial(check_issuer, provider)):
        run.attempt(path, partial(follow_keys, provider))
    warnings = _check_policy(run, provider, (*path, "policy"), known_scopes)
    provider.acknowledged = sorted({warning.name for warning in warnings})
    action, changes = run.finish(
        provider, PROVIDER, before, partial(save_identity_provider, provider, author=run.author), path
    )
    return EntryOutcome("identity provider", _names(run, provider), action, changes, warnings)


def _check_policy(run: Run, provider: IdentityProvider, path: Path, known_scopes: set[str]) -> list[Finding]:
    """Every fault of the policy in its place, the linter's errors as well; the answer is its warnings."""
    if run.problems.touch(path):
        return []  # the schema has said so already
    try:
        policy = provider.trust()
    except PolicyRefused as refused:
        for problem in refused.problems:
            run.problems.add((*path, *problem.path), problem.message)
        return []
    for number in range(len(policy.statements)):
        check_scopes(run, list(provider.policy[number]["scopes"]), (*path, number, "scopes"), known_scopes)
    findings = findings_for(provider)
    for finding in findings:
        if finding.severity is Severity.ERROR:
            run.problems.add((*path[:-1], *finding.path), finding.message)
    return [finding for finding in findings if finding.severity is Severity.WARNING]


def _names(run: Run, provider: IdentityProvider) -> dict[str, str | None]:
    return {"name": provider.name, "uuid": run.shown_id(provider.pk)}

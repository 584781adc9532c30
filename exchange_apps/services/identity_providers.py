"""Changing identity providers: whom an organization trusts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import PartyType
from exchange_apps.domain.identity_presets import PROFILES, Preset
from exchange_apps.domain.trust_linter import Finding, Severity, Trust, lint
from exchange_apps.domain.trust_policy import PolicyRefused
from exchange_apps.models import IdentityProvider, RemoteKeySet, Scope
from exchange_apps.safe_fetch import FetchRefused
from exchange_apps.safe_fetch.precheck import check_fetchable
from exchange_apps.services import key_events
from exchange_apps.services.audited_changes import Author, ChangeKind, delete_audited, save_audited
from exchange_apps.services.discovery import discovery_uri
from exchange_apps.services.remote_keys import discovered_key_set_of, key_set_of, refresh_key_set

PROVIDER = ChangeKind(
    party_type=PartyType.IDENTITY_PROVIDER,
    created=AuditAction.IDENTITY_PROVIDER_CREATED,
    updated=AuditAction.IDENTITY_PROVIDER_UPDATED,
    deleted=AuditAction.IDENTITY_PROVIDER_DELETED,
    fields=(
        "name",
        "preset",
        "issuer",
        "jwks",
        "jwks_uri",
        "audiences",
        "token_ttl",
        "mode",
        "enabled",
        "exchange_allowed_ips",
        "token_allowed_ips",
        "policy",
        "policy_text",
        "acknowledged",
    ),
)


class WarningsNotAcknowledged(ValidationError):
    """The linter's warnings that nobody has acknowledged yet; `findings` has them."""

    def __init__(self, findings: list[Finding]) -> None:
        self.findings = findings
        super().__init__({"policy": [finding.message for finding in findings]}, code="warnings")


def save_identity_provider(
    provider: IdentityProvider, *, author: Author, acknowledged: Collection[str] | None = None
) -> bool:
    """Create or change a provider; False when nothing differs. Raises ValidationError.

    The linter's errors refuse. Its warnings refuse too until each is acknowledged by name; with `acknowledged` None,
    as `apply` gives it, they are recorded as seen. Not to be called inside a transaction where keys shall be fetched
    at once.
    """
    check_issuer(provider)
    check_scopes_exist(provider)
    provider.full_clean(exclude=["key_set"], validate_constraints=False)
    provider.acknowledged = _acknowledged(provider, acknowledged)
    if provider._state.adding:
        provider.created_by = author.actor.name[:320]
    with transaction.atomic():
        key_set = follow_keys(provider)
        saved = save_audited(provider, PROVIDER, organization=provider.organization.ref(), author=author)
    if saved and key_set is not None and not key_set.is_fresh(author.now):
        transaction.on_commit(lambda: _fetch_for(provider, author.now), robust=True)  # it is saved, come what may
    return saved


def disable_identity_provider(provider: IdentityProvider, *, author: Author) -> bool:
    """Refuse its tokens from now on. Asks the linter nothing: what is switched off in a hurry need not be good."""
    provider.enabled = False
    return save_audited(provider, PROVIDER, organization=provider.organization.ref(), author=author)


def fetch_now(provider: IdentityProvider, *, now: datetime) -> bool:
    """Fetch the issuer's keys unless that was done within the last minute; what came of it is in their row.

    False when it was too early, or the keys are pasted. Not to be called inside a transaction.
    """
    key_set = provider.key_set
    if key_set is None:
        return False
    tried = refresh_key_set(key_set.pk, now=now)
    key_set.refresh_from_db()
    return tried


def delete_identity_provider(provider: IdentityProvider, *, author: Author) -> None:
    """Remove a provider. Its tokens stop working at once; its events stay."""
    delete_audited(provider, PROVIDER, organization=provider.organization.ref(), author=author)


def findings_for(provider: IdentityProvider) -> list[Finding]:
    """What the linter says of a provider; nothing where its policy cannot be read."""
    try:
        policy = provider.trust()
    except PolicyRefused:
        return []
    return lint(Trust(Preset(provider.preset), provider.issuer, provider.audiences, provider.token_ttl, policy))


def _acknowledged(provider: IdentityProvider, names: Collection[str] | None) -> list[str]:
    findings = findings_for(provider)
    if errors := [finding for finding in findings if finding.severity is Severity.ERROR]:
        raise ValidationError({"policy": [f"{_place(finding)}{finding.message}" for finding in errors]})
    warnings = [finding for finding in findings if finding.severity is Severity.WARNING]
    if names is not None and (open_ones := [warning for warning in warnings if warning.name not in names]):
        raise WarningsNotAcknowledged(open_ones)
    return sorted({warning.name for warning in warnings})


def _place(finding: Finding) -> str:
    statement = next((step + 1 for step in finding.path if isinstance(step, int)), None)
    return "" if statement is None else _("Statement %d: ") % statement


def follow_keys(provider: IdentityProvider) -> RemoteKeySet | None:
    """Point the provider at the row of its keys; to be called in the transaction that saves it."""
    if provider.jwks is not None:
        provider.key_set = None
    elif provider.jwks_uri:
        _check_uri("jwks_uri", provider.jwks_uri)
        provider.key_set = key_set_of(provider.jwks_uri)
    else:
        provider.key_set = discovered_key_set_of(provider.issuer)
    return provider.key_set


def check_issuer(provider: IdentityProvider) -> None:
    """Raises ValidationError for an issuer that its kind cannot have, or that may not be asked for its keys."""
    if provider.preset not in set(Preset):
        raise ValidationError({"preset": _("There is no such kind of provider: %s.") % provider.preset})
    profile = PROFILES[Preset(provider.preset)]
    provider.issuer = provider.issuer or profile.issuer
    if not provider.issuer:
        raise ValidationError({"issuer": _("Name the issuer: %s.") % profile.issuer_hint})
    if not profile.has_form(provider.issuer):
        raise ValidationError({"issuer": _("An issuer of %s is %s.") % (profile.label, profile.issuer_hint)})
    if provider.jwks is None and not provider.jwks_uri:
        check_fetchable_issuer(provider.issuer)


def check_fetchable_issuer(issuer: str) -> None:
    """Raises ValidationError for an issuer that policy forbids to ask; one that is down is no reason."""
    _check_uri("issuer", discovery_uri(issuer))


def _check_uri(field: str, uri: str) -> None:
    try:
        check_fetchable(uri, settings.OUTBOUND_ALLOWED_NETWORKS)
    except FetchRefused as error:
        raise ValidationError({field: error.sentence}) from None


def check_scopes_exist(provider: IdentityProvider) -> None:
    """Raises ValidationError naming each scope of the policy that the catalogue does not have."""
    known = set(Scope.objects.values_list("name", flat=True))
    if unknown := sorted(set(_scopes(provider)) - known):
        raise ValidationError({"policy": _("There is no such scope: %s.") % ", ".join(unknown)})


def _scopes(provider: IdentityProvider) -> Iterable[str]:
    try:
        return [name for statement in provider.trust().statements for name in statement.scopes]
    except PolicyRefused:
        return []  # the model's own check says what is wrong with it


def _fetch_for(provider: IdentityProvider, now: datetime) -> None:
    """The first fetch for a provider. Its log hears of a failure that began before it came."""
    fetch_now(provider, now=now)
    key_set = provider.key_set
    if key_set is not None and key_set.failing_since is not None and key_set.failing_since < now:
        key_events.fetch_failed(provider, key_set, now)

"""What is known of an identity provider at one moment, kept and used again as apps' standings are (standing.py)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from audit.parties import OrganizationRef, Party, PartyType
from exchange_apps.domain.identity_presets import PROFILES, Preset
from exchange_apps.domain.ip_ranges import allowlist_of
from exchange_apps.domain.jwk import JWKSet
from exchange_apps.domain.workload_grant import ProviderRules
from exchange_apps.models import IdentityProvider, ProviderMode
from exchange_apps.services.standing import RemoteKeys, StandingMemory

_LIST_KEPT_SECONDS = 5.0
_MOST_TRIED = 10


@dataclass(frozen=True, slots=True)
class ProviderStanding:
    """`kept_claims` are those whose values are remembered with a decision (services/trust_decisions.py)."""

    id: uuid.UUID
    version: int
    name: str
    organization: OrganizationRef
    organization_version: int
    exchange_rate_limit: int
    keys: JWKSet
    remote_keys: RemoteKeys | None
    rules: ProviderRules
    only_observes: bool
    kept_claims: frozenset[str]

    @property
    def client_id(self) -> str:
        return str(self.id)

    @property
    def versions(self) -> tuple[uuid.UUID, int, int]:
        return self.id, self.version, self.organization_version

    def party(self) -> Party:
        return Party(PartyType.IDENTITY_PROVIDER, self.id, self.name)

    def read_again(self) -> ProviderStanding | None:
        return next(iter(read_providers(self.client_id, None, None)), None)


@dataclass(frozen=True, slots=True)
class _Listed:
    ids: tuple[uuid.UUID, ...]
    read_at: float  # by the clock that only goes on


_providers: StandingMemory[ProviderStanding] = StandingMemory()
# Which providers an organization has for an issuer has no version to compare. Whom a new or an enabled provider should
# have decided for, an older one may decide for a few seconds more; what that one is allowed is exact all the same.
_lists: StandingMemory[_Listed] = StandingMemory()


def find_kept_providers(provider_id: str | None, audience: str | None, issuer: object) -> tuple[ProviderStanding, ...]:
    """Those that this process remembers; none unless it remembers all."""
    if provider_id is not None:
        ids: tuple[uuid.UUID, ...] = _as_uuids(provider_id)
    else:
        listed = _lists.find((audience, issuer)) if isinstance(issuer, str) else None
        if listed is None or listed.read_at < time.monotonic() - _LIST_KEPT_SECONDS:
            return ()
        ids = listed.ids
    found = [_providers.find(one) for one in ids]
    return tuple(one for one in found if one is not None) if None not in found else ()


def read_providers(provider_id: str | None, audience: str | None, issuer: object) -> tuple[ProviderStanding, ...]:
    """As the database has them now; kept for the next exchange.

    Only versions are asked for where they prove what is kept to be current, so that known and unknown take as long.
    """
    rows = _rows(provider_id, audience, issuer)
    current = list(rows.values_list("pk", "version", "organization__version")[:_MOST_TRIED])
    if provider_id is None and isinstance(issuer, str):
        _lists.keep((audience, issuer), _Listed(tuple(pk for pk, _, _ in current), time.monotonic()))
    kept = {versions: _providers.find(versions[0]) for versions in current}
    if any(found is None or found.versions != versions for versions, found in kept.items()):
        full = rows.select_related("organization", "key_set")[:_MOST_TRIED]
        return tuple(_providers.keep(row.pk, provider_standing(row)) for row in full)
    return tuple(found for found in kept.values() if found is not None)


def _rows(provider_id: str | None, audience: str | None, issuer: object) -> QuerySet[IdentityProvider]:
    if provider_id is not None:
        return IdentityProvider.objects.filter(pk__in=_as_uuids(provider_id))
    known = audience is not None and isinstance(issuer, str) and "\0" not in issuer + audience
    slug_or_uuid = Q(organization__slug=audience) | Q(organization__in=_as_uuids(audience or ""))
    rows = IdentityProvider.objects.filter(slug_or_uuid, issuer=issuer if known else "", enabled=True)
    return rows.order_by("created_at", "id")


def _as_uuids(text: str) -> tuple[uuid.UUID, ...]:
    try:
        return (uuid.UUID(text),) if len(text) == 36 else ()
    except ValueError:
        return ()


def provider_standing(row: IdentityProvider) -> ProviderStanding:
    """Of a saved provider, or of a draft that has an organization."""
    organization, policy = row.organization, row.trust()
    named = {rule.claim for statement in policy.statements for rule in statement.rules}
    return ProviderStanding(
        id=row.id,
        version=row.version,
        name=row.name,
        organization=organization.ref(),
        organization_version=organization.version,
        exchange_rate_limit=organization.exchange_rate_limit,
        keys=row.keys(),
        remote_keys=None if row.key_set is None else RemoteKeys.of(row.key_set),
        rules=ProviderRules(
            issuer=row.issuer,
            audiences=tuple(row.audiences),
            provider_enabled=row.enabled,
            exchange_enabled=organization.token_exchange_enabled,
            organization_slug=organization.slug,
            organization_uuid=str(organization.id),
            exchange_addresses=allowlist_of(tuple(row.exchange_allowed_ips)),
            token_addresses=allowlist_of(tuple(row.token_allowed_ips)),
            policy=policy,
            token_ttl=row.token_ttl,
        ),
        only_observes=row.mode == ProviderMode.OBSERVE,
        kept_claims=claims_kept_for(Preset(row.preset), named),
    )


def claims_kept_for(preset: Preset, named: Iterable[str]) -> frozenset[str]:
    """`iss`, `sub`, `aud`, what the preset suggests, and what the policy names."""
    return frozenset(("iss", "sub", "aud", *PROFILES[preset].suggested_claims, *named))

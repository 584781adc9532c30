"""What a minted token is good for: standing is looked up live, every time (CONTRACT 7.1 and 7.2)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from audit.actions import AuditAction
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import event_row, record_events
from exchange_apps.domain.ip_ranges import IPAddress, allowlist_of
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.models import Membership, MintedToken
from exchange_apps.models.minted_token import MintedTokenQuerySet
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.token_use import note_use

DEEPEST = 5
"""How often a token may be made smaller, one from the other."""

_STANDING = ("application", "identity_provider", "organization", "user")
_BATCH = 500


class Inactive(StrEnum):
    """Why a token is good for nothing; for the log, never for the caller."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    APPLICATION_DISABLED = "application_disabled"
    PROVIDER_DISABLED = "provider_disabled"
    PARENT_ENDED = "parent_ended"
    EXCHANGE_DISABLED = "exchange_disabled"
    USER_INACTIVE = "user_inactive"
    NOT_A_MEMBER = "not_a_member"
    OUTSIDE_ITS_NETWORKS = "outside_its_networks"


class InactiveToken(Exception):
    def __init__(self, why: Inactive) -> None:
        super().__init__(why.value)
        self.why = why


def authenticate(secret: str, *, address: IPAddress | None, now: datetime) -> MintedToken:
    """The live token behind a bearer's secret, with whom it is of and for; raises InactiveToken."""
    parsed = OpaqueToken.parse(secret, settings.TOKEN_PREFIX)
    if parsed is None:
        raise InactiveToken(Inactive.MALFORMED)
    token = MintedToken.objects.select_related(*_STANDING).filter(digest=parsed.digest()).first()
    if token is None:
        raise InactiveToken(Inactive.UNKNOWN)
    if why := _why_inactive(token, now):
        raise InactiveToken(why)
    for addresses in (token.allowed_ips, token.organization.allowed_ips):
        if not allowlist_of(tuple(addresses)).allows(address):
            raise InactiveToken(Inactive.OUTSIDE_ITS_NETWORKS)
    note_use(token, address=address, now=now)
    return token


def _why_inactive(token: MintedToken, now: datetime) -> Inactive | None:
    if token.revoked_at is not None:
        return Inactive.REVOKED
    if token.expires_at <= now:
        return Inactive.EXPIRED
    if not token.organization.token_exchange_enabled:
        return Inactive.EXCHANGE_DISABLED
    return _why_nobody_stands_behind(token) or _why_nobody_is_acted_for(token) or _why_parent_ended(token, now)


def _why_nobody_stands_behind(token: MintedToken) -> Inactive | None:
    if token.identity_provider_id is not None:
        provider = token.identity_provider
        return None if provider is not None and provider.enabled else Inactive.PROVIDER_DISABLED
    return None if token.application is not None and token.application.enabled else Inactive.APPLICATION_DISABLED


def _why_nobody_is_acted_for(token: MintedToken) -> Inactive | None:
    if token.user_id is None:  # only a workload acts for itself
        return None if token.is_of_workload else Inactive.USER_INACTIVE
    if token.user is None or not token.user.is_active:
        return Inactive.USER_INACTIVE
    member = Membership.objects.filter(user=token.user_id, organization=token.organization_id, active=True)
    return None if member.exists() else Inactive.NOT_A_MEMBER


def _why_parent_ended(token: MintedToken, now: datetime) -> Inactive | None:
    """A token made smaller ends with each of those it was made from."""
    if token.parent_id is None:
        return None
    chain = ancestors(token)
    is_whole = chain[-1:] and chain[-1].parent_id is None
    ended = any(parent.revoked_at is not None or parent.expires_at <= now for parent in chain)
    return Inactive.PARENT_ENDED if ended or not is_whole else None


def ancestors(token: MintedToken) -> list[MintedToken]:
    """What a token was made from, the nearest first; it breaks off where one is gone, or after `DEEPEST`."""
    chain: list[MintedToken] = []
    next_id = token.parent_id
    while next_id is not None and len(chain) < DEEPEST:
        parent = MintedToken.objects.filter(pk=next_id).first()
        if parent is None:
            break
        chain.append(parent)
        next_id = parent.parent_id
    return chain


def revoke(token: MintedToken, *, actor: Party, origin: RequestOrigin, now: datetime) -> bool:
    """End a token now; False when it was revoked already. Written with its event or not at all."""
    return revoke_all(MintedToken.objects.filter(pk=token.pk), actor=actor, origin=origin, now=now) == 1


def revoke_all(tokens: QuerySet[MintedToken], *, actor: Party, origin: RequestOrigin, now: datetime) -> int:
    """End every token of a query that is not revoked yet, each with its event, all or none; answers how many."""
    with transaction.atomic():
        ending = list(tokens.filter(revoked_at=None).select_for_update(of=("self",)).select_related(*_STANDING))
        for start in range(0, len(ending), _BATCH):
            batch = ending[start : start + _BATCH]
            MintedToken.objects.filter(pk__in=[token.pk for token in batch]).update(revoked_at=now)
            record_events(_revoked_event(token, actor, origin, now) for token in batch)
    return len(ending)


def revoke_live(tokens: MintedTokenQuerySet, *, author: Author) -> int:
    """End every live token of a query, however many, a batch at a time; answers how many.

    Each batch is committed by itself: should it be broken off, what is revoked stays so, and it can be done again.
    """
    revoked = 0
    live = tokens.live(author.now).order_by("id")
    while batch := list(live.values_list("pk", flat=True)[:_BATCH]):
        ending = MintedToken.objects.filter(pk__in=batch)
        revoked += revoke_all(ending, actor=author.actor, origin=author.origin, now=author.now)
        live = live.filter(id__gt=batch[-1])
    return revoked


def _revoked_event(token: MintedToken, actor: Party, origin: RequestOrigin, now: datetime) -> dict[str, Any]:
    digest = bytes(token.digest).hex()
    holder = str(token.identity_provider_id or token.application_id)
    return event_row(
        AuditAction.ACCESS_TOKEN_REVOKED,
        occurred_at=now,
        organization=token.organization.ref(),
        actor=actor,
        subject=token_party(token),
        on_behalf_of=token.principal_party(),
        origin=origin,
        key_id=token.key_id,
        data={"token_uuid": str(token.pk), "token_sha256": digest, "app": holder},
    )


def token_party(token: MintedToken) -> Party:
    return Party(PartyType.MINTED_TOKEN, token.pk, f"…{token.last_four}")

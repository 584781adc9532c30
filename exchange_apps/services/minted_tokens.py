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

_BATCH = 500


class Inactive(StrEnum):
    """Why a token is good for nothing; for the log, never for the caller."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REVOKED = "revoked"
    APPLICATION_DISABLED = "application_disabled"
    EXCHANGE_DISABLED = "exchange_disabled"
    USER_INACTIVE = "user_inactive"
    NOT_A_MEMBER = "not_a_member"
    OUTSIDE_ITS_NETWORKS = "outside_its_networks"


class InactiveToken(Exception):
    def __init__(self, why: Inactive) -> None:
        super().__init__(why.value)
        self.why = why


def authenticate(secret: str, *, address: IPAddress | None, now: datetime) -> MintedToken:
    """The live token behind a bearer's secret, with its user, app and organization; raises InactiveToken."""
    parsed = OpaqueToken.parse(secret, settings.TOKEN_PREFIX)
    if parsed is None:
        raise InactiveToken(Inactive.MALFORMED)
    token = (
        MintedToken.objects.select_related("application", "organization", "user").filter(digest=parsed.digest()).first()
    )
    if token is None:
        raise InactiveToken(Inactive.UNKNOWN)
    if why := _why_inactive(token, now):
        raise InactiveToken(why)
    for addresses in (token.allowed_ips, token.organization.allowed_ips):
        if not allowlist_of(tuple(addresses)).allows(address):
            raise InactiveToken(Inactive.OUTSIDE_ITS_NETWORKS)
    return token


def _why_inactive(token: MintedToken, now: datetime) -> Inactive | None:
    if token.revoked_at is not None:
        return Inactive.REVOKED
    if token.expires_at <= now:
        return Inactive.EXPIRED
    if not token.application.enabled:
        return Inactive.APPLICATION_DISABLED
    if not token.organization.token_exchange_enabled:
        return Inactive.EXCHANGE_DISABLED
    if not token.user.is_active:
        return Inactive.USER_INACTIVE
    if not Membership.objects.filter(user=token.user_id, organization=token.organization_id, active=True).exists():
        return Inactive.NOT_A_MEMBER
    return None


def revoke(token: MintedToken, *, actor: Party, origin: RequestOrigin, now: datetime) -> bool:
    """End a token now; False when it was revoked already. Written with its event or not at all."""
    return revoke_all(MintedToken.objects.filter(pk=token.pk), actor=actor, origin=origin, now=now) == 1


def revoke_all(tokens: QuerySet[MintedToken], *, actor: Party, origin: RequestOrigin, now: datetime) -> int:
    """End every token of a query that is not revoked yet, each with its event, all or none; answers how many."""
    with transaction.atomic():
        ending = list(
            tokens.filter(revoked_at=None).select_for_update(of=("self",)).select_related("organization", "user")
        )
        for start in range(0, len(ending), _BATCH):
            batch = ending[start : start + _BATCH]
            MintedToken.objects.filter(pk__in=[token.pk for token in batch]).update(revoked_at=now)
            record_events(_revoked_event(token, actor, origin, now) for token in batch)
    return len(ending)


def _revoked_event(token: MintedToken, actor: Party, origin: RequestOrigin, now: datetime) -> dict[str, Any]:
    digest = bytes(token.digest).hex()
    return event_row(
        AuditAction.ACCESS_TOKEN_REVOKED,
        occurred_at=now,
        organization=token.organization.ref(),
        actor=actor,
        subject=token_party(token),
        on_behalf_of=Party(PartyType.USER, token.user_id, token.user.email),
        origin=origin,
        key_id=token.key_id,
        data={"token_uuid": str(token.pk), "token_sha256": digest, "app": str(token.application_id)},
    )


def token_party(token: MintedToken) -> Party:
    return Party(PartyType.MINTED_TOKEN, token.pk, f"…{token.last_four}")

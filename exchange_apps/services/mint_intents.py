"""What one exchange wants written: the token, its event, and all that must still be true when they are."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from audit.actions import AuditAction
from audit.identifiers import uuid7
from audit.parties import Party, PartyType
from audit.recorder import event_row
from exchange_apps.domain.lifetimes import CLOCK_LEEWAY
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.domain.receipt import redacted
from exchange_apps.domain.token_exchange import Grant
from exchange_apps.models.minted_token import MOST_PRINCIPAL_CHARACTERS
from exchange_apps.services import rate_limit
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.minting import MintIntent
from exchange_apps.services.minting.intent import Version
from exchange_apps.services.standing import ExchangeClient, SubjectStanding


@dataclass(frozen=True, slots=True)
class SpentJTI:
    """The digest of a `jti` that this mint uses up, and until when it has to be remembered, in seconds."""

    digest: bytes
    remembered_until: int

    @classmethod
    def of(cls, digest: bytes | None, expires_at: int) -> SpentJTI | None:
        return None if digest is None else cls(digest, expires_at + CLOCK_LEEWAY)


@dataclass(frozen=True, slots=True)
class Holding:
    """Who will hold the token, and through what: an app or a provider, for a user or for a workload called `principal`.

    `data` is what the event says beside what every mint's says.
    """

    client: ExchangeClient
    application: Version | None
    provider: Version | None
    subject: SubjectStanding | None
    principal: str
    parent_id: uuid.UUID | None
    key_id: str
    jti: SpentJTI | None
    resource: str | None
    data: dict[str, Any]

    def principal_party(self) -> Party:
        return Party(PartyType.WORKLOAD, None, self.principal) if self.subject is None else self.subject.party()


def mint_intent(holding: Holding, grant: Grant, attempt: ExchangeAttempt, token: OpaqueToken) -> MintIntent:
    """The limits are 0, that is none, where Redis has counted already."""
    in_redis = rate_limit.uses_redis()
    client, subject, jti = holding.client, holding.subject, holding.jti
    token_id = uuid7()
    digest = token.digest()
    last_four = token.secret[-4:]
    token_row = {
        "id": token_id,
        "digest": digest,
        "last_four": last_four,
        "organization_id": client.organization.uuid,
        "application_id": holding.application and holding.application[0],
        "identity_provider_id": holding.provider and holding.provider[0],
        "user_id": subject and subject.user_id,
        "principal": holding.principal[:MOST_PRINCIPAL_CHARACTERS],
        "parent_id": holding.parent_id,
        "key_id": holding.key_id,
        "scopes": list(grant.scopes),
        "allowed_ips": grant.addresses.render(),
        "created_at": attempt.now,
        "expires_at": grant.expires_at,
        "revoked_at": None,
    }
    event = event_row(
        AuditAction.ACCESS_TOKEN_MINTED,
        occurred_at=attempt.now,
        organization=client.organization,
        actor=client.party(),
        on_behalf_of=holding.principal_party(),
        subject=Party(PartyType.MINTED_TOKEN, token_id, f"…{last_four}"),
        origin=attempt.origin,
        key_id=holding.key_id,
        data={
            "token_uuid": str(token_id),
            "token_sha256": digest.hex(),
            **holding.data,
            "kid": holding.key_id,
            "scopes": list(grant.scopes),
            "ttl": grant.lifetime,
            "networks": grant.addresses.render(),
            "jti_sha256": jti.digest.hex() if jti else None,
            "resource": holding.resource and redacted(holding.resource),
            **({"limits": "unchecked"} if attempt.are_limits_unchecked else {}),
        },
    )
    return MintIntent(
        now_ms=attempt.now_ms,
        application=holding.application,
        provider=holding.provider,
        organization=(client.organization.uuid, client.organization_version),
        membership=(subject.membership_id, subject.membership_version) if subject else None,
        user=(subject.user_id, subject.user_version) if subject else None,
        failure_key=attempt.failure_key,
        failure_limit=0 if in_redis else settings.EXCHANGE_FAILURE_LIMIT,
        budget_key=attempt.budget_key,
        budget_limit=0 if in_redis else client.exchange_rate_limit,
        jti_digest=jti.digest if jti else None,
        jti_expires_ms=jti.remembered_until * 1000 if jti else 0,
        token=token_row,
        event=event,
    )


def jti_digest(client_id: str, jti: str | None) -> bytes | None:
    """A `jti` is single use per app or provider; only its digest is kept."""
    return None if jti is None else hashlib.sha256(f"{client_id}\0{jti}".encode("utf-8", "surrogatepass")).digest()

"""What one exchange wants written: the token, its event, and all that must still be true when they are."""

from __future__ import annotations

import hashlib

from django.conf import settings

from audit.actions import AuditAction
from audit.identifiers import uuid7
from audit.parties import Party, PartyType
from audit.recorder import event_row
from exchange_apps.domain.client_assertion import ClientAssertion
from exchange_apps.domain.lifetimes import CLOCK_LEEWAY
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.domain.receipt import redacted
from exchange_apps.domain.token_exchange import Grant, TokenExchangeRequest
from exchange_apps.services import rate_limit
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.minting import MintIntent
from exchange_apps.services.standing import ApplicationStanding, SubjectStanding


def mint_intent(
    request: TokenExchangeRequest,
    grant: Grant,
    attempt: ExchangeAttempt,
    application: ApplicationStanding,
    assertion: ClientAssertion,
    subject: SubjectStanding,
    token: OpaqueToken,
) -> MintIntent:
    """The limits are 0, that is none, where Redis has counted already."""
    in_redis = rate_limit.uses_redis()
    token_id = uuid7()
    digest = token.digest()
    jti_digest = _jti_digest(application.client_id, assertion.jti)
    last_four = token.secret[-4:]
    token_row = {
        "id": token_id,
        "digest": digest,
        "last_four": last_four,
        "organization_id": application.organization.uuid,
        "application_id": application.id,
        "user_id": subject.user_id,
        "key_id": assertion.key_id,
        "scopes": list(grant.scopes),
        "allowed_ips": grant.addresses.render(),
        "created_at": attempt.now,
        "expires_at": grant.expires_at,
        "revoked_at": None,
    }
    event = event_row(
        AuditAction.ACCESS_TOKEN_MINTED,
        occurred_at=attempt.now,
        organization=application.organization,
        actor=application.party(),
        on_behalf_of=subject.party(),
        subject=Party(PartyType.MINTED_TOKEN, token_id, f"…{last_four}"),
        origin=attempt.origin,
        key_id=assertion.key_id,
        data={
            "token_uuid": str(token_id),
            "token_sha256": digest.hex(),
            "app": {"uuid": str(application.id), "name": application.name, "client_id": application.client_id},
            "user": {"uuid": str(subject.user_id), "email": subject.name},
            "kid": assertion.key_id,
            "scopes": list(grant.scopes),
            "ttl": grant.lifetime,
            "networks": grant.addresses.render(),
            "jti_sha256": jti_digest.hex() if jti_digest else None,
            "resource": request.resource and redacted(request.resource),
            **({"limits": "unchecked"} if attempt.are_limits_unchecked else {}),
        },
    )
    return MintIntent(
        now_ms=attempt.now_ms,
        application=(application.id, application.version),
        organization=(application.organization.uuid, application.organization_version),
        membership=(subject.membership_id, subject.membership_version),
        user=(subject.user_id, subject.user_version),
        failure_key=attempt.failure_key,
        failure_limit=0 if in_redis else settings.EXCHANGE_FAILURE_LIMIT,
        budget_key=attempt.budget_key,
        budget_limit=0 if in_redis else application.exchange_rate_limit,
        jti_digest=jti_digest,
        jti_expires_ms=(assertion.expires_at + CLOCK_LEEWAY) * 1000,
        token=token_row,
        event=event,
    )


def _jti_digest(client_id: str, jti: str | None) -> bytes | None:
    """A `jti` is single use per app; only its digest is kept."""
    return None if jti is None else hashlib.sha256(f"{client_id}\0{jti}".encode("utf-8", "surrogatepass")).digest()

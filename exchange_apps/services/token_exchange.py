"""One exchange of an app, from a well-formed request to a token (RFC 8693 section 2)."""

from __future__ import annotations

from datetime import datetime

from audit.origin import RequestOrigin
from exchange_apps.domain.client_assertion import ClientAssertion
from exchange_apps.domain.token_exchange import TokenExchangeRequest
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.exchange_flow import IssuedToken, check_limits_in_redis, mint, run_exchange
from exchange_apps.services.exchange_steps import check_assertion, decide_grant, prove_client
from exchange_apps.services.mint_intents import Holding, SpentJTI, jti_digest
from exchange_apps.services.standing import ApplicationStanding, SubjectStanding
from exchange_apps.services.standings import FreshStandings


def exchange_token(request: TokenExchangeRequest, *, origin: RequestOrigin, now: datetime) -> IssuedToken:
    """Mint a token, or raise the OAuthError that is already counted and recorded."""
    attempt = ExchangeAttempt(origin, now)
    return run_exchange(attempt, lambda standings: _exchange(request, attempt, standings))


def _exchange(request: TokenExchangeRequest, attempt: ExchangeAttempt, standings: FreshStandings) -> IssuedToken:
    application, assertion = prove_client(request.client_assertion, attempt, standings)
    check_assertion(request, attempt, application, assertion)
    check_limits_in_redis(application, attempt)
    grant, subject = decide_grant(request, attempt, application, standings)
    return mint(_holding(request, application, assertion, subject), grant, attempt)


def _holding(
    request: TokenExchangeRequest,
    application: ApplicationStanding,
    assertion: ClientAssertion,
    subject: SubjectStanding,
) -> Holding:
    return Holding(
        client=application,
        application=(application.id, application.version),
        provider=None,
        subject=subject,
        principal="",
        parent_id=None,
        key_id=assertion.key_id,
        jti=SpentJTI.of(jti_digest(application.client_id, assertion.jti), assertion.expires_at),
        resource=request.resource,
        data={
            "app": {"uuid": str(application.id), "name": application.name, "client_id": application.client_id},
            "user": {"uuid": str(subject.user_id), "email": subject.name},
        },
    )

"""One exchange of a workload: somebody else's OIDC token buys a token of ours (CONTRACT 4.2 and 6)."""

from __future__ import annotations

from datetime import datetime

from audit.origin import RequestOrigin
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.receipt import redacted
from exchange_apps.domain.workload_request import WorkloadRequest
from exchange_apps.services import trust_decisions
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.exchange_flow import IssuedToken, mint, run_exchange
from exchange_apps.services.mint_intents import Holding, SpentJTI, jti_digest
from exchange_apps.services.standings import FreshStandings
from exchange_apps.services.workload_steps import Judgement, Trail, judge


def exchange_foreign_token(request: WorkloadRequest, *, origin: RequestOrigin, now: datetime) -> IssuedToken:
    """Mint a token, or raise the OAuthError that is already counted and recorded."""
    attempt, trail = ExchangeAttempt(origin, now), Trail()
    try:
        issued = run_exchange(attempt, lambda standings: _exchange(request, attempt, standings, trail))
    except OAuthError as denial:
        trust_decisions.remember(request, attempt, trail.judgement, denial)
        raise
    trust_decisions.remember(request, attempt, trail.judgement, None)
    return issued


def _exchange(
    request: WorkloadRequest, attempt: ExchangeAttempt, standings: FreshStandings, trail: Trail
) -> IssuedToken:
    trail.judgement = None
    judgement = judge(request, attempt, standings, trail)
    assert judgement.grant is not None  # noqa: S101 - accepted
    return mint(
        _holding(request, judgement), judgement.grant, attempt, replayed=(request.refusal, DenialReason.TOKEN_REPLAYED)
    )


def _holding(request: WorkloadRequest, judgement: Judgement) -> Holding:
    provider, token, statement = judgement.provider, judgement.token, judgement.statement
    assert token is not None  # noqa: S101 - accepted
    assert statement is not None  # noqa: S101 - accepted
    subject = judgement.subject
    return Holding(
        client=provider,
        application=None,
        provider=(provider.id, provider.version),
        subject=subject,
        principal=redacted(token.principal),
        parent_id=None,
        key_id=token.key_id,
        jti=SpentJTI.of(jti_digest(provider.client_id, token.jti), token.expires_at),
        resource=request.resource,
        data={
            "identity_provider": {"uuid": provider.client_id, "name": provider.name, "issuer": provider.rules.issuer},
            "workload": redacted(token.principal),
            "statement": {"number": provider.rules.policy.statements.index(statement) + 1, "name": statement.name},
            "user": {"uuid": str(subject.user_id), "email": subject.name} if subject else None,
        },
    )

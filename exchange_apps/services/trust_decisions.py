"""Recent decisions about foreign tokens: kept for 14 days, so many for each provider, to try changed policies on.

`remember` is called after an exchange has its answer. `recent_decisions` is for whoever shows or weighs them;
`services/trust_what_if.py` says what a changed provider would have decided.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.receipt import without_credentials
from exchange_apps.domain.trust_policy.glob import LONGEST_TEXT
from exchange_apps.domain.workload_request import WorkloadRequest
from exchange_apps.models import MOST_DECISIONS, IdentityProvider, TrustDecision
from exchange_apps.services.decision_buffer import DecisionBuffer
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.provider_standing import ProviderStanding
from exchange_apps.services.workload_steps import Judgement
from exchange_apps.services.writers_turn import unhurried_transaction

logger = logging.getLogger(__name__)

waiting_decisions = DecisionBuffer()

JUDGED = frozenset(
    {
        DenialReason.TOKEN_AUDIENCE,
        DenialReason.PROVIDER_ADDRESS,
        DenialReason.PROVIDER_OBSERVES,
        DenialReason.POLICY_NO_MATCH,
        DenialReason.SCOPE_NOT_GRANTABLE,
    }
)
"""Refusals that a change of the provider could turn; others, as an expired token, would stay what they are."""

_MOST_IN_A_LIST = 50


def recent_decisions(provider: IdentityProvider) -> list[TrustDecision]:
    """About tokens of the provider's issuer, whichever of the organization's providers decided; a provider that is not
    saved yet has those of its siblings. The newest first, at most `MOST_DECISIONS`. Not inside a transaction."""
    flush_decisions()
    return kept_decisions(provider)


def kept_decisions(provider: IdentityProvider) -> list[TrustDecision]:
    """As `recent_decisions`, without those that still wait to be written."""
    siblings = IdentityProvider.objects.filter(organization=provider.organization_id, issuer=provider.issuer)
    return list(TrustDecision.objects.about({provider.pk, *siblings.values_list("pk", flat=True)}))


def remember(
    request: WorkloadRequest, attempt: ExchangeAttempt, judgement: Judgement | None, denial: OAuthError | None
) -> None:
    """Keep what was decided about a proven token. Never fails: the exchange is over, whatever becomes of this."""
    if judgement is None or judgement.token is None or (denial is not None and denial.reason not in JUDGED):
        return
    decision = _decision(request, attempt, judgement, denial)
    _write(waiting_decisions.add(decision, now_ms=attempt.now_ms))


def flush_decisions() -> None:
    """Write what waits in this process."""
    _write(waiting_decisions.take_all())


def _decision(
    request: WorkloadRequest, attempt: ExchangeAttempt, judgement: Judgement, denial: OAuthError | None
) -> TrustDecision:
    provider, token, grant = judgement.provider, judgement.token, judgement.grant
    assert token is not None  # noqa: S101 - the caller looked
    statement = judgement.statement
    return TrustDecision(
        provider_id=provider.id,
        decided_at=attempt.now,
        address=None if attempt.origin.ip is None else str(attempt.origin.ip),
        claims=kept_claims(provider, token.claims),
        absent=sorted(provider.kept_claims - token.claims.keys()),
        requested_scopes=None if request.scopes is None else list(request.scopes),
        is_accepted=denial is None or denial.reason is DenialReason.PROVIDER_OBSERVES,
        is_observed=provider.only_observes,
        reason="" if denial is None else denial.reason.value,
        statement=None if statement is None else provider.rules.policy.statements.index(statement),
        scopes=[] if grant is None else list(grant.scopes),
        lifetime=None if grant is None else grant.lifetime,
    )


def kept_claims(provider: ProviderStanding, claims: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the provider's claims that the token has, with anything that looks like a credential taken out."""
    return {name: _kept(claims[name]) for name in sorted(provider.kept_claims) if name in claims}


def _kept(value: Any) -> Any:
    if isinstance(value, str):
        return without_credentials(value[: LONGEST_TEXT + 1])
    if isinstance(value, list):
        return [_kept(item) for item in value[:_MOST_IN_A_LIST]]
    return {} if isinstance(value, dict) else value  # no rule holds for an object, whatever is in it


def _write(decisions: Sequence[TrustDecision]) -> None:
    if not decisions:
        return
    try:
        with unhurried_transaction():
            TrustDecision.objects.bulk_create(decisions)
            for provider_id in {decision.provider_id for decision in decisions}:
                _drop_oldest(provider_id)
    except DatabaseError as error:
        logger.warning("decisions not kept", extra={"error": type(error).__name__, "count": len(decisions)})


def _drop_oldest(provider_id: uuid.UUID) -> None:
    rows = TrustDecision.objects.filter(provider_id=provider_id)
    beyond = rows.order_by("-id").values_list("pk", flat=True)[MOST_DECISIONS : MOST_DECISIONS + 1].first()
    if beyond is not None:
        rows.filter(id__lte=beyond).delete()

"""The steps of a workload's exchange that only look: the endpoint and the dry run take the same ones."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_apps.domain.compact_jws import CompactJWS
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError, UnauthorizedClient
from exchange_apps.domain.foreign_token import ForeignToken, check_foreign_token
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.domain.subject import SubjectToken, SubjectTokenType
from exchange_apps.domain.token_exchange import Grant
from exchange_apps.domain.trust_policy import Statement
from exchange_apps.domain.workload_grant import check_provider, deciding_statement, workload_grant
from exchange_apps.domain.workload_request import WorkloadRequest
from exchange_apps.jose import parse_foreign_token, spend_verification_time, verify_foreign_token
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.exchange_flow import check_limits_in_redis
from exchange_apps.services.failure_limit import find_blocked, limit_refusal
from exchange_apps.services.provider_standing import ProviderStanding
from exchange_apps.services.standing import SubjectStanding
from exchange_apps.services.standings import FreshStandings

# Refusals after which the next provider of the same issuer is asked: the token is not for this one
_NOT_THIS_ONE = frozenset(
    {
        DenialReason.TOKEN_KEY_UNKNOWN,
        DenialReason.TOKEN_SIGNATURE_INVALID,
        DenialReason.TOKEN_AUDIENCE,
        DenialReason.PROVIDER_ADDRESS,
        DenialReason.PROVIDER_OBSERVES,
        DenialReason.POLICY_NO_MATCH,
        DenialReason.KEYS_UNAVAILABLE,
    }
)


@dataclass(slots=True)
class Judgement:
    """What is known of one token, as far as it came; all of it once the token is accepted."""

    provider: ProviderStanding
    token: ForeignToken | None = None
    statement: Statement | None = None
    grant: Grant | None = None
    subject: SubjectStanding | None = None


@dataclass(slots=True)
class Trail:
    """The judgement that counts in the end. In a dry run (`is_foretold`) no limit is spent, and receipts have the
    statements before the one that decides, too."""

    judgement: Judgement | None = None
    is_foretold: bool = False


def judge(request: WorkloadRequest, attempt: ExchangeAttempt, standings: FreshStandings, trail: Trail) -> Judgement:
    """The first provider that accepts the token, asked in order of creation; otherwise the refusal of the one in whose
    checks it came furthest. Raises any OAuthError of the exchange, and StaleStanding."""
    jws, providers = _read(request, attempt, standings)
    refused: list[tuple[OAuthError, Receipt, Judgement, str | None, bool]] = []
    beginning = attempt.receipt
    for number, provider in enumerate(providers, start=1):
        attempt.receipt = Receipt(list(beginning.rows))
        attempt.client, attempt.key_id, attempt.subject, attempt.is_observed = provider, None, None, False
        attempt.receipt.passed(Check.PROVIDER, provider.name, f"{number} of {len(providers)} with this issuer")
        trail.judgement = Judgement(provider)
        try:
            return _judge_for(jws, request, attempt, standings, trail)
        except OAuthError as denial:
            if len(providers) == 1 or not (denial.reason in _NOT_THIS_ONE or attempt.is_observed):
                raise
            refused.append((denial, attempt.receipt, trail.judgement, attempt.key_id, attempt.is_observed))
    furthest = max(refused, key=lambda one: sum(row.passed for row in one[1].rows))
    refusal, attempt.receipt, trail.judgement, attempt.key_id, attempt.is_observed = furthest
    attempt.client = trail.judgement.provider
    raise refusal


def _read(
    request: WorkloadRequest, attempt: ExchangeAttempt, standings: FreshStandings
) -> tuple[CompactJWS, tuple[ProviderStanding, ...]]:
    """The token in parts, and whom it may be for; at least one. Raises the request's refusal, RateLimited."""
    try:
        jws = parse_foreign_token(request.token, request.refusal, attempt.receipt)
    except OAuthError:
        standings.find_providers(request, None)
        spend_verification_time()  # so that this refusal takes as long as one with a bad signature
        raise
    providers = standings.find_providers(request, jws.unverified_claims.get("iss"))
    attempt.unverified_client_id = providers[0].client_id if providers else _claimed(request)
    attempt.client = providers[0] if providers else None
    if failures := find_blocked(attempt.failure_key, now_ms=attempt.now_ms):
        raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)
    if not providers:
        verify_foreign_token(jws, None, request.refusal, attempt.receipt)
    return jws, providers


def _claimed(request: WorkloadRequest) -> str | None:
    """The provider the request names, when it has the length of a UUID at all."""
    return request.provider_id if request.provider_id and len(request.provider_id) == 36 else None


def _judge_for(
    jws: CompactJWS, request: WorkloadRequest, attempt: ExchangeAttempt, standings: FreshStandings, trail: Trail
) -> Judgement:
    judgement = trail.judgement
    assert judgement is not None  # noqa: S101 - made by the caller
    key_id = jws.unverified_header.get("kid")
    provider = standings.with_keys(judgement.provider, key_id, now=attempt.now, receipt=attempt.receipt)
    attempt.client = judgement.provider = provider
    token = verify_foreign_token(jws, provider.keys, request.refusal, attempt.receipt)
    attempt.key_id = token.key_id
    attempt.is_observed = provider.only_observes
    judgement.token = token
    rules = provider.rules
    check_foreign_token(
        token,
        issuer=rules.issuer,
        audiences=rules.audiences,
        now=attempt.now.timestamp(),
        refusal=request.refusal,
        receipt=attempt.receipt,
    )
    if not trail.is_foretold:
        check_limits_in_redis(provider, attempt)
    check_provider(rules, request.audience, attempt.origin.ip, attempt.receipt)
    judgement.statement = deciding_statement(
        rules, token.claims, refusal=request.refusal, receipt=attempt.receipt, explain=trail.is_foretold
    )
    judgement.grant = workload_grant(rules, judgement.statement, request, now=attempt.now, receipt=attempt.receipt)
    judgement.subject = _subject(judgement.statement, provider, attempt, standings)
    if provider.only_observes:
        attempt.receipt.refused(Check.MODE, UnauthorizedClient, DenialReason.PROVIDER_OBSERVES, expected="enforce")
    return judgement


def _subject(
    statement: Statement, provider: ProviderStanding, attempt: ExchangeAttempt, standings: FreshStandings
) -> SubjectStanding | None:
    """The member that the statement acts as; None for the workload itself. Raises InvalidRequest."""
    if statement.act_as is None:
        return None
    member = SubjectToken(SubjectTokenType.USER_EMAIL, statement.act_as.lower())
    attempt.subject = standings.get_subject(member, provider.organization, attempt.receipt)
    attempt.receipt.passed(Check.SUBJECT, attempt.subject.name, "an active member")
    return attempt.subject

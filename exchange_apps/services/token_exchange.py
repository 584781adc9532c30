"""One exchange, from a well-formed request to a token (RFC 8693 section 2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from django.conf import settings

from audit.origin import RequestOrigin
from exchange_apps.domain.client_assertion import ClientAssertion, check_claims
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient, OAuthError, TemporarilyUnavailable
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.domain.receipt import Check
from exchange_apps.domain.token_exchange import Grant, TokenExchangeRequest, decide
from exchange_apps.jose import (
    parse_client_assertion,
    spend_verification_time,
    unverified_client_id,
    verify_client_assertion,
)
from exchange_apps.services import rate_limit
from exchange_apps.services.current_keys import may_use_kept_keys, with_current_keys
from exchange_apps.services.exchange_attempt import ExchangeAttempt, close_denied
from exchange_apps.services.failure_limit import find_blocked, limit_refusal, remember_blocked
from exchange_apps.services.mint_intents import mint_intent
from exchange_apps.services.minting import MintIntent, MintOutcome, MintResult, mint_writer
from exchange_apps.services.rate_limit import RedisGone, Window, window_at
from exchange_apps.services.standing import ApplicationStanding, Standings, SubjectStanding


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The answer of a successful exchange. `expires_in` is in seconds."""

    token: OpaqueToken
    expires_in: int
    scope: str
    budget: Window


class StaleStanding(Exception):
    """The app or the subject changed since it was read; nothing was written."""


def exchange_token(request: TokenExchangeRequest, *, origin: RequestOrigin, now: datetime) -> IssuedToken:
    """Mint a token, or raise the OAuthError that is already counted and recorded.

    Tried first on standings this process kept, and again on fresh ones before anything is refused: on old news nothing
    is minted (the writer compares versions), and nobody is turned away.
    """
    attempt = ExchangeAttempt(origin, now)
    for standings in (Standings(fresh=False), Standings(fresh=True), Standings(fresh=True)):
        attempt.start_again()
        try:
            return _exchange(request, attempt, standings)
        except StaleStanding:
            continue
        except OAuthError as denial:
            # Whether somebody failed too often does not depend on the app
            if standings.fresh or attempt.is_standing_current or denial.reason is DenialReason.FAILURE_LIMIT:
                raise close_denied(attempt, denial) from None
    raise TemporarilyUnavailable(DenialReason.DATABASE_UNAVAILABLE, retry_after=1)


def _exchange(request: TokenExchangeRequest, attempt: ExchangeAttempt, standings: Standings) -> IssuedToken:
    application, assertion = _prove_client(request.client_assertion, attempt, standings)
    check_claims(assertion, application.rules, now=attempt.now.timestamp(), receipt=attempt.receipt)
    _check_client_id(request.client_id, application, attempt)
    _check_limits_in_redis(application, attempt)
    grant = decide(application.policy, request, address=attempt.origin.ip, now=attempt.now, receipt=attempt.receipt)
    subject = standings.get_subject(request.subject, application.organization, attempt.receipt)
    attempt.subject = subject
    attempt.receipt.passed(Check.SUBJECT, subject.name)
    return _mint(request, grant, attempt, application, assertion, subject)


def prove_sender(client_assertion: str, attempt: ExchangeAttempt) -> None:
    """Find out who sent a request that is refused anyway, so that the refusal reaches the right log."""
    try:
        _prove_client(client_assertion, attempt, Standings(fresh=True))
    except OAuthError:
        attempt.start_again()


def _prove_client(
    client_assertion: str, attempt: ExchangeAttempt, standings: Standings
) -> tuple[ApplicationStanding, ClientAssertion]:
    try:
        jws = parse_client_assertion(client_assertion, attempt.receipt)
    except InvalidClient:
        standings.find_application(None)
        spend_verification_time()  # so that this refusal takes as long as one with a bad signature
        raise
    attempt.unverified_client_id = unverified_client_id(jws)
    attempt.application = application = standings.find_application(attempt.unverified_client_id)
    if failures := find_blocked(attempt.failure_key, now_ms=attempt.now_ms):
        raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)
    if application is not None and standings.fresh:
        key_id = jws.unverified_header.get("kid")
        attempt.application = application = with_current_keys(
            application, key_id, now=attempt.now, receipt=attempt.receipt
        )
    elif application is not None and not may_use_kept_keys(application, now=attempt.now):
        raise StaleStanding
    assertion = verify_client_assertion(jws, application.keys if application else None, attempt.receipt)
    assert application is not None  # noqa: S101 - no assertion is proven without an application's keys
    attempt.assertion = assertion
    _check_key_switched_on(assertion, application, attempt)
    return application, assertion


def _check_key_switched_on(
    assertion: ClientAssertion, application: ApplicationStanding, attempt: ExchangeAttempt
) -> None:
    if assertion.key_id in application.switched_off:
        attempt.receipt.refused(
            Check.KEY_SWITCHED_ON, InvalidClient, DenialReason.KEY_SWITCHED_OFF, seen=assertion.key_id
        )


def _check_client_id(client_id: str | None, application: ApplicationStanding, attempt: ExchangeAttempt) -> None:
    if client_id is not None and client_id != application.client_id:
        attempt.receipt.refused(
            Check.CLIENT_ID,
            InvalidClient,
            DenialReason.CLIENT_ID_MISMATCH,
            expected=application.client_id,
            seen=client_id,
        )


def _check_limits_in_redis(application: ApplicationStanding, attempt: ExchangeAttempt) -> None:
    """With Redis the limits are asked here; without, the mint statement asks its own rows in the same round trip.

    When Redis is gone the exchange goes on, and its record says that nobody counted.
    """
    if not rate_limit.uses_redis() or attempt.are_limits_unchecked:
        return
    try:
        failures = rate_limit.look(attempt.failure_key, settings.EXCHANGE_FAILURE_LIMIT)
        if failures.is_full:
            _refuse_blocked(attempt, failures)
        if not attempt.is_budget_spent:  # a second look on fresh standings is still the same exchange
            limit = application.exchange_rate_limit
            attempt.budget = rate_limit.spend(attempt.budget_key, limit, now_ms=attempt.now_ms)
            attempt.is_budget_spent = limit > 0
    except RedisGone as error:
        attempt.note_unchecked_limits(error)
        return
    if attempt.budget is not None:
        attempt.budget = replace(attempt.budget, limit=application.exchange_rate_limit)
        if attempt.budget.is_exceeded:
            raise limit_refusal(DenialReason.EXCHANGE_LIMIT, attempt.budget, attempt.receipt)


def _mint(
    request: TokenExchangeRequest,
    grant: Grant,
    attempt: ExchangeAttempt,
    application: ApplicationStanding,
    assertion: ClientAssertion,
    subject: SubjectStanding,
) -> IssuedToken:
    token = OpaqueToken.generate(settings.TOKEN_PREFIX)
    intent = mint_intent(request, grant, attempt, application, assertion, subject, token)
    result = mint_writer().submit(intent)
    if result.outcome is MintOutcome.STALE:
        raise StaleStanding
    attempt.is_budget_spent = attempt.is_standing_current = True
    _refuse_unless_minted(result, attempt, intent)
    budget = attempt.budget or window_at(intent.budget_limit, result.used, result.started_ms, attempt.now_ms)
    return IssuedToken(token, grant.lifetime, grant.scopes.render(), budget)


def _refuse_unless_minted(result: MintResult, attempt: ExchangeAttempt, intent: MintIntent) -> None:
    if result.outcome is MintOutcome.BLOCKED:
        _refuse_blocked(attempt, window_at(intent.failure_limit, result.used, result.started_ms, attempt.now_ms))
    if result.outcome is MintOutcome.OVER_LIMIT:
        budget = window_at(intent.budget_limit, result.used, result.started_ms, attempt.now_ms)
        raise limit_refusal(DenialReason.EXCHANGE_LIMIT, budget, attempt.receipt)
    if result.outcome is MintOutcome.REPLAYED:
        attempt.receipt.refused(Check.REPLAY, InvalidClient, DenialReason.ASSERTION_REPLAYED)


def _refuse_blocked(attempt: ExchangeAttempt, failures: Window) -> NoReturn:
    """Refuse, and remember: this process does no more signature work for the pair until the minute is over."""
    remember_blocked(attempt.failure_key, failures, now_ms=attempt.now_ms)
    raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)

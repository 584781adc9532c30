"""The steps of an exchange that only look: the endpoint and the dry run take the same ones, in the same order."""

from __future__ import annotations

from exchange_apps.domain.client_assertion import ClientAssertion, check_claims
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient, OAuthError
from exchange_apps.domain.receipt import Check
from exchange_apps.domain.token_exchange import Grant, TokenExchangeRequest, decide
from exchange_apps.jose import (
    parse_client_assertion,
    spend_verification_time,
    unverified_client_id,
    verify_client_assertion,
)
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.failure_limit import find_blocked, limit_refusal
from exchange_apps.services.standing import ApplicationStanding, SubjectStanding
from exchange_apps.services.standings import FreshStandings


def prove_client(
    client_assertion: str, attempt: ExchangeAttempt, standings: FreshStandings
) -> tuple[ApplicationStanding, ClientAssertion]:
    """Whose assertion it is; raises InvalidClient, RateLimited, TemporarilyUnavailable."""
    try:
        jws = parse_client_assertion(client_assertion, attempt.receipt)
    except InvalidClient:
        standings.find_application(None)
        spend_verification_time()  # so that this refusal takes as long as one with a bad signature
        raise
    attempt.unverified_client_id = unverified_client_id(jws)
    attempt.client = application = standings.find_application(attempt.unverified_client_id)
    if failures := find_blocked(attempt.failure_key, now_ms=attempt.now_ms):
        raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)
    if application is not None:
        key_id = jws.unverified_header.get("kid")
        attempt.client = application = standings.with_keys(
            application, key_id, now=attempt.now, receipt=attempt.receipt
        )
    assertion = verify_client_assertion(jws, application.keys if application else None, attempt.receipt)
    assert application is not None  # noqa: S101 - no assertion is proven without an application's keys
    attempt.key_id = assertion.key_id
    _check_key_switched_on(assertion, application, attempt)
    return application, assertion


def check_assertion(
    request: TokenExchangeRequest,
    attempt: ExchangeAttempt,
    application: ApplicationStanding,
    assertion: ClientAssertion,
) -> None:
    """Raises InvalidClient."""
    check_claims(assertion, application.rules, now=attempt.now.timestamp(), receipt=attempt.receipt)
    _check_client_id(request.client_id, application, attempt)


def decide_grant(
    request: TokenExchangeRequest,
    attempt: ExchangeAttempt,
    application: ApplicationStanding,
    standings: FreshStandings,
) -> tuple[Grant, SubjectStanding]:
    """What the token may do, and for whom; raises any OAuthError that `decide` does, and InvalidRequest."""
    grant = decide(application.policy, request, address=attempt.origin.ip, now=attempt.now, receipt=attempt.receipt)
    subject = standings.get_subject(request.subject, application.organization, attempt.receipt)
    attempt.subject = subject
    attempt.receipt.passed(Check.SUBJECT, subject.name, "an active member")
    return grant, subject


def attribute_malformed(
    denial: OAuthError, client_assertion: str, attempt: ExchangeAttempt, standings: FreshStandings
) -> None:
    """Find out who sent a request that is refused anyway, so that the refusal reaches the right log."""
    if client_assertion:
        try:
            prove_client(client_assertion, attempt, standings)
        except OAuthError:
            attempt.start_again()
    attempt.receipt.add_refused(Check.REQUEST, expected=denial.expected, seen=denial.seen or denial.parameter)


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

"""A dry run: the exchange up to the mint, by the same steps, on behalf of a person who wants to know why it fails.

It reads and writes nothing but its own audit event: no `jti` is used up, no limit spent, no failure counted, no host
asked for keys, and nothing of what was pasted is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from audit.actions import AuditAction, Outcome
from audit.origin import IPAddress, RequestOrigin
from audit.parties import OrganizationRef, Party
from audit.recorder import record_event
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient, InvalidRequest, OAuthError
from exchange_apps.domain.pasted_exchange import PastedRequest
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.domain.token_exchange import Grant, TokenExchangeRequest
from exchange_apps.domain.token_request import SentForm, parse_token_request
from exchange_apps.models import UsedAssertion
from exchange_apps.services import rate_limit
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.exchange_steps import attribute_malformed, check_assertion, decide_grant, prove_client
from exchange_apps.services.failure_limit import limit_refusal
from exchange_apps.services.mint_intents import jti_digest
from exchange_apps.services.rate_limit import RedisGone
from exchange_apps.services.standing import ApplicationStanding, ExchangeClient, SubjectStanding
from exchange_apps.services.standings import ForetoldStandings


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the endpoint would have answered: a refusal, or the grant and for whom."""

    receipt: Receipt
    application: ApplicationStanding | None
    denial: OAuthError | None = None
    grant: Grant | None = None
    subject: SubjectStanding | None = None


def foretell_exchange(
    pasted: PastedRequest, *, organization: OrganizationRef, address: IPAddress | None, author: Author
) -> Foretold:
    """As if the request came now, from that address. Apps of other organizations are unknown, as to a stranger."""
    attempt = ExchangeAttempt(RequestOrigin(address, "", ""), author.now)
    standings = ForetoldStandings(organization.uuid)
    try:
        grant, subject = _foretell(pasted, attempt, standings)
        foretold = Foretold(attempt.receipt, _application_of(attempt), grant=grant, subject=subject)
    except OAuthError as denial:
        foretold = Foretold(attempt.receipt, _application_of(attempt), denial=denial)
    record_dry_run(
        foretold.application.party() if foretold.application else None, foretold.denial, organization, author
    )
    return foretold


def _foretell(
    pasted: PastedRequest, attempt: ExchangeAttempt, standings: ForetoldStandings
) -> tuple[Grant, SubjectStanding]:
    sent = _readable(pasted, attempt)
    try:
        request = parse_token_request(sent)
    except OAuthError as denial:
        attribute_malformed(denial, sent.client_assertion, attempt, standings)
        raise
    if not isinstance(request, TokenExchangeRequest):
        attempt.receipt.add_refused(Check.REQUEST, seen="client_assertion")
        raise InvalidRequest(DenialReason.PARAMETER_MISSING, parameter="client_assertion")
    application, assertion = prove_client(request.client_assertion, attempt, standings)
    check_assertion(request, attempt, application, assertion)
    if rate_limit.uses_redis():
        look_at_limits(attempt, application)
    grant, subject = decide_grant(request, attempt, application, standings)
    if not rate_limit.uses_redis():
        look_at_limits(attempt, application)
    digest = jti_digest(application.client_id, assertion.jti)
    look_at_replay(attempt, digest, (InvalidClient, DenialReason.ASSERTION_REPLAYED))
    return grant, subject


def _application_of(attempt: ExchangeAttempt) -> ApplicationStanding | None:
    return attempt.client if isinstance(attempt.client, ApplicationStanding) else None


def _readable(pasted: PastedRequest, attempt: ExchangeAttempt) -> SentForm:
    try:
        return pasted.sent_form()
    except OAuthError:
        attempt.receipt.add_refused(Check.REQUEST)
        raise


def look_at_limits(attempt: ExchangeAttempt, client: ExchangeClient) -> None:
    """As the exchange would find them, this one included; raises RateLimited."""
    try:
        failures = rate_limit.look(attempt.failure_key, settings.EXCHANGE_FAILURE_LIMIT, now_ms=attempt.now_ms)
        budget = rate_limit.look(attempt.budget_key, client.exchange_rate_limit, now_ms=attempt.now_ms)
    except RedisGone as error:
        attempt.note_unchecked_limits(error)
        return
    if failures.is_full:
        raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)
    if budget.is_full:
        raise limit_refusal(DenialReason.EXCHANGE_LIMIT, budget.after_another(), attempt.receipt)


def look_at_replay(
    attempt: ExchangeAttempt, digest: bytes | None, replayed: tuple[type[OAuthError], DenialReason]
) -> None:
    """Raises the refusal of a `jti` that is used up."""
    if digest and UsedAssertion.objects.filter(digest=digest, expires_at__gte=attempt.now).exists():
        attempt.receipt.refused(Check.REPLAY, *replayed)
    attempt.receipt.passed(Check.REPLAY, "not used yet" if digest else "no jti claim")


def record_dry_run(
    client: Party | None, denial: OAuthError | None, organization: OrganizationRef, author: Author
) -> None:
    record_event(
        AuditAction.EXCHANGE_DRY_RUN,
        occurred_at=author.now,
        organization=organization,
        actor=author.actor,
        subject=client,
        origin=author.origin,
        outcome=Outcome.DENIED if denial else Outcome.SUCCESS,
        reason=denial.reason.value if denial else "",
    )

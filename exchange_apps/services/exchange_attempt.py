"""One try at an exchange: opened first, filled as things become known, closed by a mint or by a recorded denial."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.domain.client_assertion import ClientAssertion
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.receipt import Receipt
from exchange_apps.models import DenialTally
from exchange_apps.services import rate_limit
from exchange_apps.services.failure_limit import count_failure, failure_key, limit_refusal
from exchange_apps.services.rate_limit import WINDOW_MS
from exchange_apps.services.standing import ApplicationStanding, SubjectStanding

logger = logging.getLogger(__name__)

_LIMITS = frozenset({DenialReason.FAILURE_LIMIT, DenialReason.EXCHANGE_LIMIT})


@dataclass(slots=True)
class ExchangeAttempt:
    """`is_budget_spent`: this try already counted against the organization's exchanges per minute."""

    origin: RequestOrigin
    now: datetime
    receipt: Receipt = field(default_factory=Receipt)
    unverified_client_id: str | None = None
    application: ApplicationStanding | None = None
    assertion: ClientAssertion | None = None
    subject: SubjectStanding | None = None
    is_budget_spent: bool = False

    @property
    def now_ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    @property
    def failure_key(self) -> str:
        return failure_key(self.origin.ip, self.unverified_client_id)

    @property
    def budget_key(self) -> str:
        return f"exchanges:{self.application.organization.uuid}" if self.application else ""

    def start_again(self) -> None:
        """Forget what was learned from a standing that turned out to be old."""
        self.receipt = Receipt()
        self.application = self.assertion = self.subject = None


def close_denied(attempt: ExchangeAttempt, denial: OAuthError) -> OAuthError:
    """Count and record a refusal, in a transaction of its own; returns the refusal to answer with.

    That is another one when counting finds a limit exceeded. A caller who has proven nothing cannot fill a log: with
    a known app he is tallied, otherwise only the application log hears of him.
    """
    with transaction.atomic(durable=True):
        denial = _count(attempt, denial)
        if attempt.assertion is not None:
            _record(attempt, denial, {})
        else:
            _tally(attempt, denial)
    logger.info(
        "exchange denied",
        extra={"reason": denial.reason.value, "client_id": attempt.unverified_client_id, "ip": str(attempt.origin.ip)},
    )
    return denial


def _count(attempt: ExchangeAttempt, denial: OAuthError) -> OAuthError:
    if denial.reason in _LIMITS:
        return denial
    failures = count_failure(attempt.failure_key, now_ms=attempt.now_ms)
    if failures.is_exceeded:
        return limit_refusal(DenialReason.FAILURE_LIMIT, failures)
    if attempt.assertion is not None and attempt.application is not None and not attempt.is_budget_spent:
        limit = attempt.application.exchange_rate_limit
        budget = rate_limit.spend(attempt.budget_key, limit, now_ms=attempt.now_ms)
        if budget.is_exceeded:
            return limit_refusal(DenialReason.EXCHANGE_LIMIT, budget)
    return denial


def _tally(attempt: ExchangeAttempt, denial: OAuthError) -> None:
    """The first refusal of a minute is an event, with the count of those before it that were not."""
    # Strangers without an app are tallied as well: the work, and so the time, is the same for both
    application = attempt.application
    key = f"{application.client_id if application else '-'}:{denial.reason.value}"
    tally, is_new = DenialTally.objects.get_or_create(pk=key, defaults={"started_ms": attempt.now_ms})
    if not is_new and tally.started_ms > attempt.now_ms - WINDOW_MS:
        DenialTally.objects.filter(pk=key).update(suppressed=tally.suppressed + 1)
        return
    if not is_new:
        DenialTally.objects.filter(pk=key).update(started_ms=attempt.now_ms, suppressed=0)
    if application is not None:
        _record(attempt, denial, {"suppressed_before": tally.suppressed})


def _record(attempt: ExchangeAttempt, denial: OAuthError, more: dict[str, object]) -> None:
    application, assertion, subject = attempt.application, attempt.assertion, attempt.subject
    unknown = Party(PartyType.TOKEN_EXCHANGE_APP, None, attempt.unverified_client_id or "an unknown client")
    record_event(
        AuditAction.TOKEN_EXCHANGE_DENIED,
        occurred_at=attempt.now,
        organization=application.organization if application else None,
        actor=application.party() if application else unknown,
        on_behalf_of=subject.party() if subject else None,
        origin=attempt.origin,
        outcome=Outcome.DENIED,
        reason=denial.reason.value,
        key_id=assertion.key_id if assertion else "",
        data={
            "error": denial.code,
            "status": denial.status,
            "description": denial.description,
            "receipt": attempt.receipt.as_json(),
            "client_id": attempt.unverified_client_id,
            **more,
        },
    )



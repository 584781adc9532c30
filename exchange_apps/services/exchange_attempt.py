"""One try at an exchange: opened first, filled as things become known, closed by a mint or by a recorded denial."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.receipt import Receipt
from exchange_apps.models import DenialTally
from exchange_apps.services import rate_limit
from exchange_apps.services.failure_limit import count_failure, failure_key, limit_refusal
from exchange_apps.services.rate_limit import WINDOW_MS, RedisGone, Window
from exchange_apps.services.standing import ExchangeClient, SubjectStanding
from exchange_apps.services.tally_buffer import TallyBuffer
from exchange_apps.services.writers_turn import unhurried_transaction, unhurried_turn, writers_turn

logger = logging.getLogger(__name__)

waiting_tallies = TallyBuffer()

_LIMITS = frozenset({DenialReason.FAILURE_LIMIT, DenialReason.EXCHANGE_LIMIT})


@dataclass(slots=True)
class ExchangeAttempt:
    """`key_id` is there once a signature by `client` holds, or a token of ours does. `is_budget_spent`: this try has
    counted against the organization's exchanges per minute, in `budget` when Redis counts. `is_standing_current`: the
    database has just compared the versions, so a refusal is no old news. `are_limits_unchecked`: Redis was gone, and
    nobody is refused for that. `is_observed`: by a provider that mints nothing, whatever it decides.
    """

    origin: RequestOrigin
    now: datetime
    receipt: Receipt = field(default_factory=Receipt)
    unverified_client_id: str | None = None
    client: ExchangeClient | None = None
    key_id: str | None = None
    subject: SubjectStanding | None = None
    is_observed: bool = False
    is_budget_spent: bool = False
    budget: Window | None = None
    is_standing_current: bool = False
    are_limits_unchecked: bool = False

    @property
    def now_ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    @property
    def failure_key(self) -> str:
        return failure_key(self.origin.ip, self.unverified_client_id)

    @property
    def budget_key(self) -> str:
        return f"exchanges:{self.client.organization.uuid}" if self.client else ""

    def note_unchecked_limits(self, error: RedisGone) -> None:
        self.are_limits_unchecked = True
        logger.warning("limits not checked", extra={"error": str(error)})

    def start_again(self) -> None:
        """Forget what was learned from a standing that turned out to be old."""
        self.receipt = Receipt()
        self.client = self.key_id = self.subject = None
        self.is_observed = False


def close_denied(attempt: ExchangeAttempt, denial: OAuthError) -> OAuthError:
    """Count and record a refusal in writes of its own; returns the refusal to answer with.

    That is another one when counting finds a limit exceeded. A caller who has proven nothing cannot fill a log: with
    a known app he is tallied, otherwise only the application log hears of him.
    """
    if attempt.key_id is not None:
        with writers_turn(), transaction.atomic(durable=True):
            denial = _count(attempt, denial)
            _record(attempt, denial, {})
    else:
        with unhurried_turn():
            denial = _count(attempt, denial)
        _tally(attempt, denial)
    log_denied(attempt, denial)
    return denial


def log_denied(attempt: ExchangeAttempt, denial: OAuthError) -> None:
    """A line in the application log; for refusals that name no client, all that is kept."""
    logger.info(
        "exchange denied",
        extra={"reason": denial.reason.value, "client_id": attempt.unverified_client_id, "ip": str(attempt.origin.ip)},
    )


def _count(attempt: ExchangeAttempt, denial: OAuthError) -> OAuthError:
    if denial.reason in _LIMITS:
        return denial
    try:
        if denial.reason is not DenialReason.PROVIDER_OBSERVES:  # nobody failed
            failures = count_failure(attempt.failure_key, now_ms=attempt.now_ms)
            if failures.is_exceeded:
                return limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)
        if attempt.key_id is not None and attempt.client is not None and not attempt.is_budget_spent:
            limit = attempt.client.exchange_rate_limit
            budget = rate_limit.spend(attempt.budget_key, limit, now_ms=attempt.now_ms)
            if budget.is_exceeded:
                return limit_refusal(DenialReason.EXCHANGE_LIMIT, budget, attempt.receipt)
    except RedisGone as error:
        attempt.note_unchecked_limits(error)
    return denial


def _tally(attempt: ExchangeAttempt, denial: OAuthError) -> None:
    """The first refusal of a minute is an event, with the count of those before it that were not."""
    # Strangers without a client are tallied as well: the work, and so the time, is the same for both
    key = f"{attempt.client.client_id if attempt.client else '-'}:{denial.reason.value}"
    # Each claimed client waits for itself: were the unknown ones to wait together, they would soon be quicker to refuse
    count = waiting_tallies.add((key, attempt.unverified_client_id or ""), now_ms=attempt.now_ms)
    overdue = waiting_tallies.take_overdue(now_ms=attempt.now_ms)
    if not count and not overdue:
        return
    with unhurried_transaction():
        for (other, _), waiting in sorted(overdue.items()):
            DenialTally.objects.filter(pk=other).update(suppressed=F("suppressed") + waiting)
        if count:
            _write_tally(attempt, denial, key, count)


def _write_tally(attempt: ExchangeAttempt, denial: OAuthError, key: str, count: int) -> None:
    is_open = DenialTally.objects.filter(pk=key, started_ms__gt=attempt.now_ms - WINDOW_MS)
    if is_open.update(suppressed=F("suppressed") + count):
        return
    locked = DenialTally.objects.select_for_update()  # or two processes would lose each other's count
    tally, is_new = locked.get_or_create(pk=key, defaults={"started_ms": attempt.now_ms})
    if not is_new and tally.started_ms > attempt.now_ms - WINDOW_MS:
        DenialTally.objects.filter(pk=key).update(suppressed=tally.suppressed + count)
        return
    before = tally.suppressed + count - 1
    DenialTally.objects.filter(pk=key).update(started_ms=attempt.now_ms, suppressed=0)
    if attempt.client is not None:
        _record(attempt, denial, {"suppressed_before": before})


def _record(attempt: ExchangeAttempt, denial: OAuthError, more: dict[str, object]) -> None:
    client, subject = attempt.client, attempt.subject
    unknown = Party(PartyType.TOKEN_EXCHANGE_APP, None, attempt.unverified_client_id or "an unknown client")
    would_accept = denial.reason is DenialReason.PROVIDER_OBSERVES
    record_event(
        AuditAction.TOKEN_EXCHANGE_OBSERVED if attempt.is_observed else AuditAction.TOKEN_EXCHANGE_DENIED,
        occurred_at=attempt.now,
        organization=client.organization if client else None,
        actor=client.party() if client else unknown,
        on_behalf_of=subject.party() if subject else None,
        origin=attempt.origin,
        outcome=Outcome.SUCCESS if would_accept else Outcome.DENIED,
        reason=denial.reason.value,
        key_id=attempt.key_id or "",
        data={
            "error": denial.code,
            "status": denial.status,
            "description": denial.description,
            "receipt": attempt.receipt.as_json(),
            "client_id": attempt.unverified_client_id,
            **({"limits": "unchecked"} if attempt.are_limits_unchecked else {}),
            **more,
        },
    )

"""What every exchange shares, whatever buys the token: tries on kept and fresh standings, limits, the mint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn

from django.conf import settings

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidClient, OAuthError, TemporarilyUnavailable
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.domain.receipt import Check
from exchange_apps.domain.token_exchange import Grant
from exchange_apps.services import rate_limit
from exchange_apps.services.exchange_attempt import ExchangeAttempt, close_denied
from exchange_apps.services.failure_limit import limit_refusal, remember_blocked
from exchange_apps.services.mint_intents import Holding, mint_intent
from exchange_apps.services.minting import MintIntent, MintOutcome, MintResult, mint_writer
from exchange_apps.services.rate_limit import RedisGone, Window, window_at
from exchange_apps.services.standing import ExchangeClient
from exchange_apps.services.standings import FreshStandings, KeptStandings, StaleStanding


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """The answer of a successful exchange. `expires_in` is in seconds."""

    token: OpaqueToken
    expires_in: int
    scope: str
    budget: Window


def run_exchange(attempt: ExchangeAttempt, exchange: Callable[[FreshStandings], IssuedToken]) -> IssuedToken:
    """What `exchange` answers, or the OAuthError that is already counted and recorded.

    Tried first on standings this process kept, and again on fresh ones before anything is refused: on old news nothing
    is minted (the writer compares versions), and nobody is turned away.
    """
    for standings in (KeptStandings(), FreshStandings(), FreshStandings()):
        attempt.start_again()
        try:
            return exchange(standings)
        except StaleStanding:
            continue
        except OAuthError as denial:
            # Whether somebody failed too often does not depend on the client
            if standings.is_fresh or attempt.is_standing_current or denial.reason is DenialReason.FAILURE_LIMIT:
                raise close_denied(attempt, denial) from None
    raise TemporarilyUnavailable(DenialReason.DATABASE_UNAVAILABLE, retry_after=1)


def check_limits_in_redis(client: ExchangeClient, attempt: ExchangeAttempt) -> None:
    """With Redis the limits are asked here; without, the mint statement asks its own rows in the same round trip.

    When Redis is gone the exchange goes on, and its record says that nobody counted.
    """
    if not rate_limit.uses_redis() or attempt.are_limits_unchecked:
        return
    try:
        failures = rate_limit.look(attempt.failure_key, settings.EXCHANGE_FAILURE_LIMIT, now_ms=attempt.now_ms)
        if failures.is_full:
            _refuse_blocked(attempt, failures)
        if not attempt.is_budget_spent:  # a second look on fresh standings is still the same exchange
            limit = client.exchange_rate_limit
            attempt.budget = rate_limit.spend(attempt.budget_key, limit, now_ms=attempt.now_ms)
            attempt.is_budget_spent = limit > 0
    except RedisGone as error:
        attempt.note_unchecked_limits(error)
        return
    if attempt.budget is not None:
        attempt.budget = replace(attempt.budget, limit=client.exchange_rate_limit)
        if attempt.budget.is_exceeded:
            raise limit_refusal(DenialReason.EXCHANGE_LIMIT, attempt.budget, attempt.receipt)


def mint(
    holding: Holding,
    grant: Grant,
    attempt: ExchangeAttempt,
    *,
    replayed: tuple[type[OAuthError], DenialReason] = (InvalidClient, DenialReason.ASSERTION_REPLAYED),
) -> IssuedToken:
    """Write the token. `replayed` is how a `jti` that was used before is refused. Raises StaleStanding, RateLimited."""
    token = OpaqueToken.generate(settings.TOKEN_PREFIX)
    intent = mint_intent(holding, grant, attempt, token)
    result = mint_writer().submit(intent)
    if result.outcome is MintOutcome.STALE:
        raise StaleStanding
    attempt.is_budget_spent = attempt.is_standing_current = True
    _refuse_unless_minted(result, attempt, intent, replayed)
    budget = attempt.budget or window_at(intent.budget_limit, result.used, result.started_ms, attempt.now_ms)
    return IssuedToken(token, grant.lifetime, grant.scopes.render(), budget)


def _refuse_unless_minted(
    result: MintResult, attempt: ExchangeAttempt, intent: MintIntent, replayed: tuple[type[OAuthError], DenialReason]
) -> None:
    if result.outcome is MintOutcome.BLOCKED:
        _refuse_blocked(attempt, window_at(intent.failure_limit, result.used, result.started_ms, attempt.now_ms))
    if result.outcome is MintOutcome.OVER_LIMIT:
        budget = window_at(intent.budget_limit, result.used, result.started_ms, attempt.now_ms)
        raise limit_refusal(DenialReason.EXCHANGE_LIMIT, budget, attempt.receipt)
    if result.outcome is MintOutcome.REPLAYED:
        attempt.receipt.refused(Check.REPLAY, *replayed)


def _refuse_blocked(attempt: ExchangeAttempt, failures: Window) -> NoReturn:
    """Refuse, and remember: this process does no more signature work for the pair until the minute is over."""
    remember_blocked(attempt.failure_key, failures, now_ms=attempt.now_ms)
    raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)

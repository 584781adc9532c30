"""Refusals of strangers reach the log as one event a minute with a count, and no count is lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from exchange_apps.models import DenialTally, ExchangeApplication
from exchange_apps.services.denial_tallies import close_tallies
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import Travel, events


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def forge(exchange: Exchange, times: int) -> None:
    for _ in range(times):
        assert exchange(key="forger", headers={"kid": "deploy-1"}).status_code == 401


def counts() -> list[int]:
    return [event.data["suppressed_before"] for event in events("TOKEN_EXCHANGE_DENIED")]


def test_the_count_of_a_quiet_end_is_recorded_when_its_minute_is_over(
    deploy_bot: ExchangeApplication, exchange: Exchange
) -> None:
    forge(exchange, 4)
    assert counts() == [0]
    assert close_tallies(now=later(30)) == 0
    assert close_tallies(now=later(61)) == 1
    assert counts() == [0, 3]
    event = events("TOKEN_EXCHANGE_DENIED")[-1]
    assert (event.reason, event.actor_id, event.outcome) == ("signature_invalid", deploy_bot.pk, "denied")


def test_closing_again_records_nothing(deploy_bot: ExchangeApplication, exchange: Exchange) -> None:
    forge(exchange, 3)
    close_tallies(now=later(61))
    assert close_tallies(now=later(122)) == 0
    assert counts() == [0, 2]


def test_one_refusal_alone_needs_no_closing(deploy_bot: ExchangeApplication, exchange: Exchange) -> None:
    forge(exchange, 1)
    assert close_tallies(now=later(61)) == 0


def test_after_closing_the_next_refusal_begins_anew(
    deploy_bot: ExchangeApplication, exchange: Exchange, at: Travel
) -> None:
    with at(seconds=0):
        forge(exchange, 3)
    with at(seconds=61):
        close_tallies(now=datetime.now(UTC))
        forge(exchange, 2)
    with at(seconds=122):
        close_tallies(now=datetime.now(UTC))
    assert counts() == [0, 2, 0, 1]


def test_strangers_that_name_no_app_reach_no_log(deploy_bot: ExchangeApplication, exchange: Exchange) -> None:
    for _ in range(3):
        exchange(claims={"iss": "0" * 20, "sub": "0" * 20})
    assert close_tallies(now=later(61)) == 0
    assert events("TOKEN_EXCHANGE_DENIED") == []


def test_the_tally_of_a_deleted_app_is_dropped(deploy_bot: ExchangeApplication, exchange: Exchange) -> None:
    forge(exchange, 3)
    deploy_bot.delete()
    assert close_tallies(now=later(61)) == 0
    assert not DenialTally.objects.filter(suppressed__gt=0).exists()


@pytest.mark.servers
def test_two_that_close_at_once_record_once(
    shared_database: str, deploy_bot: ExchangeApplication, exchange: Exchange
) -> None:
    forge(exchange, 5)
    closed: list[int] = []
    line_up = threading.Barrier(4)

    def close() -> None:
        try:
            line_up.wait()
            closed.append(close_tallies(now=later(61)))
        finally:
            connection.close()

    threads = [threading.Thread(target=close) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(closed) == [0, 0, 0, 1]
    assert counts() == [0, 4]

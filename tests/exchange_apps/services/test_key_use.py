"""How often each key signed: counted from the tokens, a moment later."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from exchange_apps.models import ApplicationKey, ExchangeApplication
from exchange_apps.services.key_use import count_key_use
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import Save, Travel
from tests.keys import jwks


@pytest.fixture
def two_keys(deploy_bot: ExchangeApplication, save: Save) -> ExchangeApplication:
    return save(deploy_bot, jwks=jwks("deploy-1", "deploy-2"))


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def mints() -> dict[str, int]:
    return dict(ApplicationKey.objects.values_list("kid", "mints"))


def test_each_key_is_told_how_often_it_signed(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    for key in ("deploy-1", "deploy-1", "deploy-2"):
        assert exchange(key=key).status_code == 200
    assert count_key_use(now=later(20)) == 3
    assert mints() == {"deploy-1": 2, "deploy-2": 1}


def test_the_last_use_is_the_time_of_the_last_mint(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    before = later(0)
    exchange()
    after = later(0)
    count_key_use(now=later(20))
    last_used = ApplicationKey.objects.get(kid="deploy-1").last_used_at
    assert last_used is not None
    assert before <= last_used <= after
    assert ApplicationKey.objects.get(kid="deploy-2").last_used_at is None


def test_counting_again_counts_nothing_twice(two_keys: ExchangeApplication, exchange: Exchange, at: Travel) -> None:
    counted = []
    for seconds in (0, 30, 60):
        with at(seconds=seconds):
            exchange()
            counted += [count_key_use(now=later(20)), count_key_use(now=later(20))]
    assert counted == [1, 0, 1, 0, 1, 0]
    assert mints()["deploy-1"] == 3


def test_a_mint_shows_within_a_minute(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    count_key_use(now=later(0))
    exchange()
    for seconds in (30, 60):  # the job runs twice a minute
        count_key_use(now=later(seconds - 1))
    assert mints()["deploy-1"] == 1


def test_a_refused_exchange_is_no_use(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    assert exchange(scope="no_such_scope").status_code == 400
    assert count_key_use(now=later(20)) == 0


def test_a_long_pause_is_made_up_for_in_steps(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    count_key_use(now=later(0))
    exchange()
    counted = [count_key_use(now=later(3 * 3600)) for _ in range(3)]
    assert counted == [1, 0, 0]
    assert mints()["deploy-1"] == 1


@pytest.mark.servers
def test_two_counts_at_once_count_once(shared_database: str, two_keys: ExchangeApplication, exchange: Exchange) -> None:
    for _ in range(5):
        exchange()
    counted: list[int] = []
    line_up = threading.Barrier(4)

    def count() -> None:
        try:
            line_up.wait()
            counted.append(count_key_use(now=later(20)))
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counted) == 5
    assert mints()["deploy-1"] == 5

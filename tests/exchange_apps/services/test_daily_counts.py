"""Mints and refusals day by day: counted from what was committed, a moment later."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from exchange_apps.models import DailyCount, ExchangeApplication, Organization
from exchange_apps.services.daily_counts import KEEP_DAILY_COUNTS, count_days, counted_until
from exchange_apps.services.pruning import prune
from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import Travel


def later(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def counts(owner: Organization | ExchangeApplication) -> dict[str, int]:
    """Of all days together, by reason; mints under the empty one."""
    found: dict[str, int] = {}
    for reason, count in DailyCount.objects.filter(owner_id=owner.pk).values_list("reason", "count"):
        found[reason] = found.get(reason, 0) + count
    return found


def test_mints_and_refusals_count_for_the_app_and_for_its_organization(
    exchange: Exchange, acme: Organization, deploy_bot: ExchangeApplication
) -> None:
    for scope in ("read_builds", "read_builds", "write_everything"):
        exchange(scope=scope)
    count_days(now=later(20))
    assert counts(deploy_bot) == counts(acme) == {"": 2, "scope_not_grantable": 1}


def test_another_organization_counts_nothing_of_it(exchange: Exchange, globex: Organization) -> None:
    other = factories.make_application(globex, "globex-bot")
    exchange()
    count_days(now=later(20))
    assert counts(globex) == counts(other) == {}


def test_the_refusals_that_a_tally_stands_for_are_counted_with_it(
    exchange: Exchange, deploy_bot: ExchangeApplication, at: Travel
) -> None:
    for seconds in (0, 1, 2, 70):
        with at(seconds=seconds):
            exchange(key="deploy-2", headers={"kid": "deploy-1"})
    count_days(now=later(100))
    assert counts(deploy_bot) == {"signature_invalid": 4}


def test_counting_again_counts_nothing_twice(exchange: Exchange, acme: Organization, at: Travel) -> None:
    counted = []
    for seconds in (0, 30, 60):
        with at(seconds=seconds):
            exchange()
            counted += [count_days(now=later(20)), count_days(now=later(20))]
    assert counted == [2, 0, 2, 0, 2, 0]  # once for the app, once for the organization
    assert counts(acme) == {"": 3}


def test_what_may_still_be_committed_is_left_for_the_next_time(exchange: Exchange, acme: Organization) -> None:
    count_days(now=later(0))
    exchange()
    assert count_days(now=later(14)) == 0
    assert count_days(now=later(20)) == 2
    until = counted_until()
    assert until is not None
    assert until <= later(5)


def test_a_mint_shows_within_a_minute(exchange: Exchange, acme: Organization) -> None:
    count_days(now=later(0))
    exchange()
    for seconds in (30, 60):  # the job runs twice a minute
        count_days(now=later(seconds - 1))
    assert counts(acme) == {"": 1}


def test_a_day_ends_at_midnight_utc(exchange: Exchange, acme: Organization, at: Travel, start: datetime) -> None:
    midnight = (start + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    for moment in (midnight - timedelta(seconds=2), midnight + timedelta(seconds=2)):
        with at(seconds=(moment - start).total_seconds()):
            assert exchange().status_code == 200
    count_days(now=midnight + timedelta(minutes=5))
    days = DailyCount.objects.filter(owner_id=acme.pk).order_by("day").values_list("day", "count")
    assert list(days) == [((midnight - timedelta(days=1)).date(), 1), (midnight.date(), 1)]


def test_before_anything_happened_there_is_nothing_to_count(acme: Organization) -> None:
    assert counted_until() is None
    assert count_days(now=later(0)) == 0
    assert counted_until() is not None


def test_old_days_are_pruned(exchange: Exchange, acme: Organization) -> None:
    exchange()
    count_days(now=later(20))
    assert prune(now=later(0))["daily_counts"] == 0
    assert prune(now=later(0) + KEEP_DAILY_COUNTS + timedelta(days=1))["daily_counts"] == 2


@pytest.mark.servers
def test_two_counts_at_once_count_once(shared_database: str, exchange: Exchange, acme: Organization) -> None:
    for _ in range(5):
        exchange()
    line_up = threading.Barrier(4)

    def count() -> None:
        try:
            line_up.wait()
            count_days(now=later(20))
        finally:
            connection.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(acme) == {"": 5}

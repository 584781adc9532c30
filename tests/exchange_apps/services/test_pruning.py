"""What nobody needs any more goes, and nothing else."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection

from audit.identifiers import first_uuid7_at
from exchange_apps.models import (
    CacheEntry,
    DenialTally,
    ExchangeApplication,
    MintedToken,
    RateWindow,
    RemoteKeySet,
    UsedAssertion,
)
from exchange_apps.services import pruning
from exchange_apps.services.pruning import BATCH, prune
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import Save, uri_of
from tests.jwks_host import JWKSHost

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def used_assertions(count: int, expires_at: datetime) -> None:
    UsedAssertion.objects.bulk_create(
        UsedAssertion(digest=secrets.token_bytes(32), token_id=uuid.uuid4(), expires_at=expires_at)
        for _ in range(count)
    )


def tokens(count: int, minted_at: datetime, *, ttl: timedelta = timedelta(hours=1)) -> None:
    low = first_uuid7_at(minted_at).int
    MintedToken.objects.bulk_create(
        MintedToken(
            id=uuid.UUID(int=low + number),
            digest=secrets.token_bytes(32),
            organization_id=uuid.UUID(int=1),
            application_id=uuid.UUID(int=2),
            user_id=uuid.UUID(int=3),
            key_id="deploy-1",
            scopes=["read_builds"],
            created_at=minted_at,
            expires_at=minted_at + ttl,
        )
        for number in range(count)
    )


def pruned(now: datetime = NOW) -> dict[str, int]:
    return {name: count for name, count in prune(now=now, sleep=lambda _: None).items() if count}


def test_used_assertions_go_when_they_can_no_longer_be_replayed(db: None) -> None:
    used_assertions(3 * BATCH + 7, NOW - timedelta(seconds=1))
    used_assertions(5, NOW + timedelta(seconds=1))
    assert pruned() == {"used_assertions": 3 * BATCH + 7}
    assert UsedAssertion.objects.count() == 5


def test_tokens_go_a_month_after_their_end(db: None) -> None:
    tokens(BATCH + 3, NOW - 32 * DAY)
    tokens(4, NOW - 29 * DAY)
    tokens(2, NOW)
    assert pruned() == {"minted_tokens": BATCH + 3}
    assert MintedToken.objects.count() == 6


def test_the_longest_token_is_kept_a_month_after_its_end_too(db: None) -> None:
    tokens(1, NOW - 30 * DAY - timedelta(hours=23), ttl=DAY)
    assert pruned() == {}
    assert pruned(NOW + 2 * DAY) == {"minted_tokens": 1}


def test_windows_of_limits_go_when_they_are_over(db: None) -> None:
    now_ms = int(NOW.timestamp() * 1000)
    RateWindow.objects.create(key="old", started_ms=now_ms - 130_000, used=7)
    RateWindow.objects.create(key="open", started_ms=now_ms - 50_000, used=7)
    assert pruned() == {"rate_windows": 1}


def test_what_the_cache_kept_goes_when_it_is_over(db: None) -> None:
    for key, expires in (("over", NOW - timedelta(seconds=1)), ("kept", NOW + timedelta(seconds=1))):
        CacheEntry.objects.create(cache_key=key, value="", expires=expires)
    assert pruned() == {"cache_entries": 1}
    assert CacheEntry.objects.get().cache_key == "kept"


def test_a_tally_goes_when_it_holds_nothing_that_is_not_in_the_log(db: None) -> None:
    now_ms = int(NOW.timestamp() * 1000)
    DenialTally.objects.create(key="empty", started_ms=now_ms - 130_000)
    DenialTally.objects.create(key="full", started_ms=now_ms - 130_000, suppressed=3)
    assert pruned() == {"denial_tallies": 1}
    assert DenialTally.objects.get().key == "full"


def test_a_key_set_goes_a_day_after_nobody_points_at_it(
    remote: ExchangeApplication, host: JWKSHost, save: Save, start: datetime
) -> None:
    save(remote, jwks_uri=uri_of(host, "/new.json"), now=start + timedelta(minutes=1))
    assert pruned(start + timedelta(hours=23)) == {}
    assert pruned(start + 3 * DAY) == {"remote_key_sets": 1}
    assert RemoteKeySet.objects.get().uri == remote.jwks_uri


def test_a_second_run_finds_nothing(db: None) -> None:
    used_assertions(10, NOW - DAY)
    tokens(10, NOW - 40 * DAY)
    assert pruned() == {"used_assertions": 10, "minted_tokens": 10}
    assert pruned() == {}


def test_what_an_exchange_needs_stays(exchange: Exchange) -> None:
    claims = {"jti": "only-once"}
    assert exchange(claims=claims).status_code == 200
    assert pruned() == {}
    assert exchange(claims=claims).status_code == 401


def test_it_ends_in_time_and_goes_on_at_the_next_run(db: None) -> None:
    used_assertions(4 * BATCH, NOW - DAY)
    began = time.monotonic()
    first = prune(now=NOW, most_seconds=0.05, sleep=lambda _: time.sleep(0.03))["used_assertions"]
    assert time.monotonic() - began < 1
    assert 0 < first < 4 * BATCH
    assert pruned() == {"used_assertions": 4 * BATCH - first}


def test_a_thousand_batches_cost_no_more_each_than_the_first(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH", 2)
    for age in range(1, 2201):
        UsedAssertion(digest=secrets.token_bytes(32), token_id=uuid.uuid4(), expires_at=NOW - age * SECOND).save()
    assert pruned() == {"used_assertions": 2200}


def test_the_command_prints_what_went(db: None) -> None:
    used_assertions(3, NOW - DAY)
    out = StringIO()
    call_command("prune", stdout=out)
    assert "used assertions: 3\n" in out.getvalue()
    assert "minted tokens: 0\n" in out.getvalue()


@pytest.mark.servers
def test_two_runs_at_once_disturb_neither_each_other_nor_mints(shared_database: str, exchange: Exchange) -> None:
    used_assertions(6 * BATCH, NOW - DAY)
    gone: list[int] = []

    def run() -> None:
        try:
            gone.append(prune(now=NOW)["used_assertions"])
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    answers = [exchange().status_code for _ in range(10)]
    for thread in threads:
        thread.join()
    assert sum(gone) == 6 * BATCH
    assert answers == [200] * 10

"""How long a fetched set may be used, and when it is fetched again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from exchange_apps.domain.key_freshness import fresh_seconds, warming_time

NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        (None, 3600),
        ("", 3600),
        ("no-store", 3600),
        ("max-age=nonsense", 3600),
        ("max-age=-1", 3600),
        ("x-max-age=600", 3600),
        ("max-age=0", 300),
        ("max-age=299", 300),
        ("max-age=300", 300),
        ("public, max-age=1800", 1800),
        ("public,MAX-AGE=1800,must-revalidate", 1800),
        ('max-age="1800"', 1800),
        ("s-maxage=60, max-age=1800", 1800),
        ("max-age=86400", 86_400),
        ("max-age=86401", 86_400),
        ("max-age=999999999999999999999999", 86_400),
    ],
)
def test_a_host_may_ask_for_five_minutes_to_a_day_and_gets_an_hour_without_asking(
    cache_control: str | None, seconds: int
) -> None:
    assert fresh_seconds(cache_control) == seconds


def test_a_set_is_warmed_before_it_is_stale_and_not_at_once() -> None:
    times = [warming_time(NOW, NOW + timedelta(hours=1)) for _ in range(200)]
    assert NOW + timedelta(minutes=40) < min(times)
    assert max(times) < NOW + timedelta(minutes=55)


def test_sets_fetched_together_are_not_warmed_together() -> None:
    times = {warming_time(NOW, NOW + timedelta(hours=1)) for _ in range(50)}
    assert len(times) > 40
    assert max(times) - min(times) > timedelta(minutes=2)

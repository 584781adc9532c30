"""Charts: numbers in, shapes out."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.admin.charts import HEIGHT, bar_chart, round_up, shares

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(30)]


@given(st.lists(st.integers(0, 10**12), min_size=30, max_size=30))
def test_every_bar_fits_and_what_happened_once_is_seen(values: list[int]) -> None:
    chart = bar_chart(DAYS, values)
    for bar in chart.bars:
        assert bar.y >= 0
        assert bar.y + bar.height == HEIGHT
        assert bool(bar.height) == bool(bar.value)
    assert chart.total == sum(values)


@given(st.integers(0, 10**12))
def test_an_axis_ends_with_a_round_even_number_not_far_above(value: int) -> None:
    top = round_up(value)
    assert top >= value
    assert top % 2 == 0
    assert top <= max(2, value * 2.5)
    assert str(top).rstrip("0") in ("2", "4", "1")


def test_shares_are_measured_against_the_longest() -> None:
    rows = shares([("expired", 200), ("replayed", 50), ("unknown", 1)], most=2)
    assert [(row.name, row.count, row.length) for row in rows] == [("expired", 200, 100.0), ("replayed", 50, 25.0)]
    assert shares([], most=3) == ()

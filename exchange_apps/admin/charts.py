"""Bar charts drawn by the server: numbers in, shapes out. Colours and text are the template's and the style sheet's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

HEIGHT = 100
_SLOT, _GAP = 10, 2  # units of width for a bar and the space after it
_LEAST = 1.5  # a single event among thousands is still to be seen


@dataclass(frozen=True, slots=True)
class Bar:
    day: date
    value: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """One bar for each day. `top` is the round number that the axis ends with."""

    bars: tuple[Bar, ...]
    top: int

    @property
    def width(self) -> int:
        return len(self.bars) * _SLOT - _GAP

    @property
    def bar_width(self) -> int:
        return _SLOT - _GAP

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def total(self) -> int:
        return sum(bar.value for bar in self.bars)

    @property
    def first(self) -> Bar:
        return self.bars[0]

    @property
    def middle(self) -> Bar:
        return self.bars[len(self.bars) // 2]

    @property
    def last(self) -> Bar:
        return self.bars[-1]

    @property
    def highest(self) -> Bar:
        return max(self.bars, key=lambda bar: bar.value)


def bar_chart(days: Sequence[date], values: Sequence[int]) -> BarChart:
    top = round_up(max(values, default=0))
    bars = []
    for place, (day, value) in enumerate(zip(days, values, strict=True)):
        height = max(_LEAST, round(HEIGHT * value / top, 1)) if value else 0
        bars.append(Bar(day, value, place * _SLOT, HEIGHT - height, height))
    return BarChart(tuple(bars), top)


def round_up(value: int) -> int:
    """The next even number of the form 2, 4, 10, 20, 40, 100 …: half of it is a whole number, for the middle line."""
    power = 1
    while True:
        for step in (2, 4, 10):
            if value <= step * power:
                return step * power
        power *= 10


@dataclass(frozen=True, slots=True)
class Share:
    """One row of a chart of parts: its name, how often, and its length of 100 beside the longest."""

    name: str
    count: int
    length: float


def shares(found: Sequence[tuple[str, int]], *, most: int) -> tuple[Share, ...]:
    longest = max((count for _, count in found), default=1)
    return tuple(Share(name, count, max(_LEAST, round(100 * count / longest, 1))) for name, count in found[:most])

"""How a moment misses the clock: milliseconds for seconds, a clock that is off, local time for UTC."""

from __future__ import annotations

from exchange_apps.domain.near_misses.hint import Hint
from exchange_apps.domain.translatable import gettext_noop as _

LEEWAY_SECONDS = 30
_MILLISECONDS_FROM = 10**11  # in seconds, the year 5138
_HALF_HOUR = 1800


def distance(seconds: int) -> str:
    """A stretch of time in two units at most: 94 → “1 min 34 s”."""
    units, parts = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")), []
    rest = abs(seconds)
    for size, unit in units:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def is_milliseconds(value: int) -> bool:
    return abs(value) >= _MILLISECONDS_FROM


def time_hint(value: int, *, ahead: int) -> Hint | None:
    """For a moment that lies `ahead` seconds from now (negative: ago) and should not."""
    if is_milliseconds(value):
        return Hint.of(_("This is in milliseconds: divide by 1000, seconds since 1970 are expected."))
    if _is_zone(ahead):
        return Hint.of(
            _("That is a whole number of hours (%(distance)s): local time was probably taken for UTC."),
            distance=distance(ahead),
        )
    if ahead > 0:
        return Hint.of(
            _("Your clock is %(distance)s ahead of this server's; %(leeway)s s are forgiven. Synchronize it (NTP)."),
            distance=distance(ahead),
            leeway=LEEWAY_SECONDS,
        )
    return Hint.of(
        _(
            "It ended %(distance)s ago; %(leeway)s s are forgiven. Sign a new assertion for each exchange. "
            "If this one was just made, your clock is behind: synchronize it (NTP)."
        ),
        distance=distance(ahead),
        leeway=LEEWAY_SECONDS,
    )


def _is_zone(ahead: int) -> bool:
    """Within two minutes of a whole number of half hours, as time zones are apart."""
    nearest = round(ahead / _HALF_HOUR)
    return 2 <= abs(nearest) <= 28 and abs(ahead - nearest * _HALF_HOUR) <= 120

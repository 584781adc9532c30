"""Moments as people write them in a search. The text is kept; what it means is decided when the search runs."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_AGO = re.compile(r"([1-9][0-9]{0,4})(m|h|d|w)")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_DAYS = {"today": 0, "yesterday": 1}


def canonical_time(text: str) -> str | None:
    """The one spelling of a moment; None where `text` is none."""
    folded = text.lower()
    if folded in _DAYS or _AGO.fullmatch(folded):
        return folded
    upper = text.upper()
    try:
        if _DATE.fullmatch(upper):
            return date.fromisoformat(upper).isoformat()
        if _TIME.fullmatch(upper):
            datetime.fromisoformat(upper)
            return upper
    except ValueError:
        pass
    return None


def next_day(text: str) -> str:
    """The day after a canonical date; any other moment as it is."""
    if not _DATE.fullmatch(text) or text == date.max.isoformat():
        return text
    return (date.fromisoformat(text) + timedelta(days=1)).isoformat()


def moment_of(text: str, *, now: datetime, zone: tzinfo) -> datetime:
    """The moment a canonical text means for a viewer in `zone`. Days begin at midnight there."""
    try:
        return _moment(text, now, zone).astimezone(UTC)
    except OverflowError:  # within a day of the years 1 or 9999
        year = datetime.max if text.startswith("9") else datetime.min
        return year.replace(tzinfo=UTC)


def _moment(text: str, now: datetime, zone: tzinfo) -> datetime:
    if text in _DAYS:
        return datetime.combine(now.astimezone(zone).date() - timedelta(days=_DAYS[text]), time(), zone)
    if ago := _AGO.fullmatch(text):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    if _DATE.fullmatch(text):
        return datetime.combine(date.fromisoformat(text), time(), zone)
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)

"""Times as people read them: how long ago within a week, the date before; always with the exact time in their zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.template.defaultfilters import timesince_filter
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

_RELATIVE = timedelta(days=7)


def moment(when: datetime | None) -> SafeString | str:
    """“3 minutes ago”, or the date from a week on; the exact time on hover, in print and read aloud."""
    if when is None:
        return "–"
    exact = in_words(when)
    if abs(when - datetime.now(UTC)) >= _RELATIVE:
        local = timezone.localtime(when)
        return format_html(
            '<time datetime="{}" title="{}"><span class="nowrap">{}</span> <span class="nowrap">{}</span></time>',
            _iso(when),
            exact,
            f"{local:%Y-%m-%d}",
            f"{local:%H:%M} {zone_name(local)}",
        )
    return format_html(
        '<time datetime="{}" title="{}"><span class="nowrap">{}</span> <small class="exact">{}</small></time>',
        _iso(when),
        exact,
        _distance(when),
        exact,
    )


def exact_moment(when: datetime | None) -> SafeString | str:
    """To the second, with how long ago it was: for the page of one thing."""
    if when is None:
        return "–"
    return format_html(
        '<time datetime="{}"><span class="nowrap">{}</span> <small class="nowrap">{}</small></time>',
        _iso(when),
        in_words(when),
        _distance(when),
    )


def in_words(when: datetime) -> str:
    local = timezone.localtime(when)
    return f"{local:%Y-%m-%d %H:%M:%S} {zone_name(local)}"


def zone_name(local: datetime) -> str:
    """“CET”, or “UTC+03” where a zone has no name but its distance."""
    name = local.tzname() or "UTC"
    return f"UTC{name}" if name[0] in "+-" else name


def _iso(when: datetime) -> str:
    return when.astimezone(UTC).isoformat(timespec="milliseconds")


def _distance(when: datetime) -> str:
    now = datetime.now(UTC)
    if when > now:
        return _("in %s") % timesince_filter(now, when).split(",")[0]
    passed = timesince_filter(when).split(",")[0]
    return _("just now") if passed.startswith("0") else _("%s ago") % passed

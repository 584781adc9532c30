"""What is shown of an app's keys: those that may sign, those that went, and how the last fetch ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from audit.presentation import badge
from exchange_apps.models import ApplicationKey, ExchangeApplication, IdentityProvider, RemoteKeySet, Watermark
from exchange_apps.models.application import EXPIRES_SOON
from exchange_apps.services.application_keys import expiry_of

UNUSED_FOR = timedelta(days=30)
_MOST_GONE = 20
_COUNTED_LATELY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class KeyRow:
    key: ApplicationKey
    kind: str
    states: tuple[tuple[SafeString, datetime | None], ...]  # each with its beginning
    may_be_removed: bool
    has_ended: bool = False  # by its own words

    @property
    def is_known(self) -> bool:
        """False for a key that is held but was never noted: there is nothing to switch."""
        return not self.key._state.adding


def keys_panel(application: ExchangeApplication, *, now: datetime) -> dict[str, Any]:
    """The context of `portal/keys_panel.html`."""
    known = {key.kid: key for key in application.key_history.all()}
    held = {key.kid: key for key in application.keys().keys}
    current = [
        known.get(kid)
        or ApplicationKey(
            application=application,
            kid=kid,
            thumbprint=key.thumbprint,
            label=key.label(),
            expires_at=expiry_of(key),
        )
        for kid, key in held.items()
    ]
    gone = [key for kid, key in known.items() if kid not in held]
    # A key that is off comes first: it stays off should it come back
    gone.sort(key=lambda key: (key.switched_off_at is not None, key.gone_at or now), reverse=True)
    idle = set(_idle_kids(application, current, now))
    too_old = is_too_old(application.key_set, now)
    rows = [
        KeyRow(
            key,
            f"{key.label} · {held[key.kid].algorithm}",
            tuple(_states(key, too_old, now)),
            key.kid in idle,
            _has_ended(key, now),
        )
        for key in current
    ]
    rows += [KeyRow(key, key.label, tuple(_states(key, False, now)), False) for key in gone[:_MOST_GONE]]
    return {
        "rows": rows,
        "gone_left_out": max(0, len(gone) - _MOST_GONE),
        "key_set": application.key_set,
        "is_too_old": too_old,
        "is_due": application.key_set is not None and (application.key_set.refresh_at or now) <= now,
    }


def is_too_old(key_set: RemoteKeySet | None, now: datetime) -> bool:
    """Whether the host has been failing for so long that the last good set serves no more; or from the beginning."""
    if key_set is None or key_set.failing_since is None:
        return False
    return key_set.usable_until is None or key_set.usable_until <= now


def usable_kids(application: ExchangeApplication) -> set[str]:
    """The keys that sign now: held, switched on, and nobody else's."""
    off = application.key_history.exclude(switched_off_at=None, is_foreign=False).values_list("kid", flat=True)
    return {key.kid for key in application.keys().keys} - set(off)


def key_summary(holder: ExchangeApplication | IdentityProvider) -> SafeString:
    """How many keys there are, of what kind and from where; for lists."""
    keys = holder.keys().keys
    labels = ", ".join(sorted({key.label() for key in keys}))
    source = _("pasted") if holder.key_set is None else _("from %s") % host_of(holder.key_set)
    shown = format_html('{} <small class="nowrap">{}</small>', len(keys), " · ".join(filter(None, (labels, source))))
    if holder.key_set is None or holder.key_set.failing_since is None:
        return shown
    return format_html("{} {}", shown, badge(_("fetch fails"), "warn"))


def host_of(key_set: RemoteKeySet) -> str:
    return urlsplit(key_set.uri).hostname or key_set.uri


def _states(key: ApplicationKey, too_old: bool, now: datetime) -> Iterator[tuple[SafeString, datetime | None]]:
    if key.switched_off_at is not None:
        yield badge(_("switched off"), "bad"), key.switched_off_at
    if key.gone_at is not None:
        yield badge(_("gone since")), key.gone_at
    elif key.is_foreign:
        yield badge(_("another organization’s"), "warn"), None
    elif too_old:
        yield badge(_("too old to serve"), "warn"), None
    elif key.switched_off_at is None:
        yield badge(_("in use"), "good"), None
    if key.expires_at is not None and key.gone_at is None:
        yield expiry_badge(key.expires_at, now), key.expires_at


def _has_ended(key: ApplicationKey, now: datetime) -> bool:
    return key.switched_off_at is None and key.expires_at is not None and key.expires_at <= now


def expiry_badge(expires_at: datetime, now: datetime) -> SafeString:
    """What a date goes behind: a warning within the last days, and afterwards."""
    is_soon = expires_at <= now + EXPIRES_SOON
    return badge(_("expired") if expires_at <= now else _("expires"), "warn" if is_soon else "")


def _idle_kids(application: ExchangeApplication, keys: list[ApplicationKey], now: datetime) -> Iterable[str]:
    """Pasted keys that could go: old enough, long unused by a count that is up to date, and not the only one."""
    counted = Watermark.objects.filter(name="key_use", counted_until__gte=now - _COUNTED_LATELY)
    if application.key_set is not None or len(keys) < 2 or not counted.exists():
        return ()
    since = now - UNUSED_FOR
    return (
        key.kid for key in keys if not key._state.adding and max(key.first_seen_at, key.last_used_at or since) <= since
    )

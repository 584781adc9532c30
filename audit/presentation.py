"""Events as people read them: receipts, before and after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from audit.actions import Outcome
from audit.models import AuditEvent
from audit.moments import exact_moment
from audit.parties import PartyType


def badge(text: object, kind: str = "plain") -> SafeString:
    """A short state. The word carries the meaning, the colour only repeats it."""
    return format_html('<span class="badge badge-{}">{}</span>', kind, text)


def code(text: object) -> SafeString | str:
    return format_html("<code>{}</code>", text) if text else "–"


def outcome_badge(event: AuditEvent) -> SafeString:
    match event.outcome:
        case Outcome.SUCCESS:
            return badge(_("success"), "good")
        case Outcome.DENIED:
            return badge(_("denied"), "bad")
        case _:
            return badge(_(event.outcome), "warn")


_KINDS: dict[str, str] = {
    PartyType.USER: gettext_noop("person"),
    PartyType.TOKEN_EXCHANGE_APP: gettext_noop("app"),
    PartyType.IDENTITY_PROVIDER: gettext_noop("identity provider"),
    PartyType.ORGANIZATION_MEMBER: gettext_noop("member"),
    PartyType.MINTED_TOKEN: gettext_noop("minted token"),
    PartyType.APP_KEY: gettext_noop("key of an app"),
    PartyType.COMMAND: gettext_noop("command"),
    PartyType.SYSTEM: gettext_noop("the installation itself"),
}


def party_kind(type: str) -> str:
    """“app”, “person”: what a party is, in a word or two."""
    return _(_KINDS[type]) if type in _KINDS else type.replace("_", " ").lower()


@dataclass(frozen=True, slots=True)
class ChangeLine:
    field: str
    before: SafeString
    after: SafeString


def changes_of(event: AuditEvent) -> list[ChangeLine]:
    """What a configuration change changed; empty for every other event."""
    changes = event.data.get("changes")
    return [
        ChangeLine(str(field).replace("_", " "), _shown(change.get("before")), _shown(change.get("after")))
        for field, change in (changes.items() if isinstance(changes, Mapping) else ())
        if isinstance(change, Mapping)
    ]


def _shown(value: Any) -> SafeString:
    if value is None or value in ("", []):
        return format_html('<span class="quiet">{}</span>', "–" if value is None else _("(empty)"))
    if isinstance(value, bool):
        return format_html("{}", _("yes") if value else _("no"))
    if isinstance(value, list):
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li><code>{}</code></li>", ((_line(v),) for v in value))
        )
    return format_html("{}", _line(value))


def _line(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {member}" for name, member in value.items())
    return str(value)


def details_of(event: AuditEvent) -> Iterator[tuple[str, object]]:
    """The other members of `data`, as rows of a definition list."""
    for name, value in event.data.items():
        if name not in ("receipt", "changes") and value not in (None, "", [], {}):
            yield _(_LABELS.get(name, name.replace("_", " "))), _READERS.get(name, _shown)(value)


def _keys(value: Any) -> SafeString:
    """Keys that came or went: each with its thumbprint, and why it is not accepted if so."""
    rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
    return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((_key(row),) for row in rows)))


def _key(row: Mapping[str, Any]) -> SafeString:
    ignored = row.get("ignored")
    mark = format_html(" {} {}", badge(_("not accepted"), "warn"), _(str(ignored))) if ignored else ""
    thumbprint = row.get("thumbprint", "")
    return format_html('<code>{}</code>{} <code class="quiet thumbprint">{}</code>', row.get("kid"), mark, thumbprint)


def _time(value: Any) -> SafeString | str:
    try:
        return exact_moment(datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return _shown(value)


_LABELS = {
    "came": gettext_noop("keys that came"),
    "went": gettext_noop("keys that went"),
    "uri": gettext_noop("JWKS URI"),
    "sentence": gettext_noop("why"),
    "status": gettext_noop("HTTP status"),
    "usable_until": gettext_noop("last good keys serve until"),
    "app_name": gettext_noop("app"),
    "app": gettext_noop("app (UUID)"),
    "revoked_tokens": gettext_noop("revoked tokens"),
}
_READERS: dict[str, Callable[[Any], SafeString | str]] = {
    "came": _keys,
    "went": _keys,
    "uri": code,
    "thumbprint": code,
    "app": code,
    "usable_until": _time,
}


def pretty(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)

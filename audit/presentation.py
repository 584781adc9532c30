"""Events as people read them (times, receipts, before and after) and as programs do (the JSON of CONTRACT 10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.template.defaultfilters import timesince_filter
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from audit.actions import Outcome
from audit.models import AuditEvent


def moment(when: datetime | None) -> SafeString | str:
    """A time to the second, in UTC, with how long ago it was."""
    if when is None:
        return "–"
    when = when.astimezone(UTC)
    return format_html(
        '<time datetime="{}"><span class="nowrap">{}</span> <small class="nowrap">{}</small></time>',
        when.isoformat(timespec="milliseconds"),
        f"{when:%Y-%m-%d %H:%M:%S} UTC",
        _distance(when),
    )


def _distance(when: datetime) -> str:
    ahead = when > datetime.now(UTC)
    if ahead:
        return _("in %s") % timesince_filter(datetime.now(UTC), when).split(",")[0]
    passed = timesince_filter(when).split(",")[0]
    return _("just now") if passed.startswith("0") else _("%s ago") % passed


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


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    check: str
    passed: bool
    expected: str
    seen: str


def receipt_of(event: AuditEvent) -> list[ReceiptLine]:
    """The checks of a refused exchange in their order; empty for every other event."""
    rows = event.data.get("receipt")
    return [
        ReceiptLine(
            str(row.get("check", "")).replace("_", " "),
            row.get("passed") is True,
            str(row.get("expected", "")),
            str(row.get("seen", "")),
        )
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, Mapping)
    ]


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
        return moment(datetime.fromisoformat(value))
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


def event_as_json(event: AuditEvent, url: str = "") -> dict[str, Any]:
    """The published form of an event (CONTRACT 10)."""

    def party(role: str) -> dict[str, Any] | None:
        kind, uuid, name = (getattr(event, f"{role}_{part}") for part in ("type", "id", "name"))
        return {"type": kind, "uuid": uuid and str(uuid), "name": name} if kind else None

    return {
        "uuid": str(event.id),
        "schema_version": event.schema_version,
        "type": event.type,
        "occurred_at": event.occurred_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": event.outcome,
        "reason": event.reason,
        "organization": event.organization_id and {"uuid": str(event.organization_id), "slug": event.organization_slug},
        "actor": party("actor"),
        "on_behalf_of": party("on_behalf_of"),
        "subject": party("subject"),
        "key_id": event.key_id,
        "context": {
            "type": event.context_type,
            "request_id": event.request_id,
            "request_ip": event.request_ip,
            "request_user_agent": event.request_user_agent,
        },
        "data": event.data,
        "url": url,
    }


def pretty(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False)

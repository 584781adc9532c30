"""What may be typed into the search of the log: keys with their meaning, event types in groups, outcomes, reasons."""

from __future__ import annotations

import re
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop

from audit.actions import SENTENCES, AuditAction
from audit.search.query import MOST_CHARACTERS, MOST_TERMS
from audit.search.vocabulary import MEANINGS, Key, known_values

#: The first prefix that fits names an event's group.
_GROUPS = (
    ("ACCESS_TOKEN_ TOKEN_EXCHANGE_DENIED EXCHANGE_DRY_RUN", gettext_noop("Exchanges and tokens")),
    ("TOKEN_EXCHANGE_APP_", gettext_noop("Apps and their keys")),
    ("JWKS_", gettext_noop("Fetching keys")),
    ("IDENTITY_PROVIDER_", gettext_noop("Identity providers")),
    ("ORGANIZATION_MEMBER_ ORGANIZATION_INVITATION_", gettext_noop("Members and invitations")),
    ("ORGANIZATION_ SCOPE_ CONFIGURATION_", gettext_noop("Organization")),
    ("USER_", gettext_noop("Users and signing in")),
    ("JOB_ ID_TOKEN_", gettext_noop("Jobs and ID tokens")),
    ("PIPELINE_ CLUSTER_ QUEUE_", gettext_noop("Builds")),
    ("SIGNING_KEY_", gettext_noop("Signing keys")),
    ("AUDIT_", gettext_noop("The log itself")),
)
_OTHER = gettext_noop("Other")
_MOMENTS = ("today", "yesterday", "1h", "24h", "7d", "30d", "90d")
_CODE = re.compile(r"`([^`]+)`")


def search_help() -> SafeString:
    """The help of the search box, which is also where its script takes suggestions from."""
    return _rendered(get_language() or "en")


@lru_cache(maxsize=32)
def _rendered(language: str) -> SafeString:
    context = {
        "keys": [(key, _with_code(gettext(meaning))) for key, meaning in MEANINGS.items()],
        "groups": type_groups(),
        "outcomes": sorted(known_values(Key.OUTCOME)),
        "reasons": [(reason, reason.replace("_", " ")) for reason in sorted(known_values(Key.REASON))],
        "moments": _MOMENTS,
        "most_characters": MOST_CHARACTERS,
        "most_terms": MOST_TERMS,
    }
    return render_to_string("portal/audit/search_help.html", context)


def type_groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every event type with its sentence, in the groups that have any."""
    groups: dict[str, list[tuple[str, str]]] = {gettext(label): [] for _prefixes, label in (*_GROUPS, ("", _OTHER))}
    for action, sentence in SENTENCES.items():
        blanks = gettext(sentence).format(actor="…", subject="…", on_behalf_of="…", reason="…")
        groups[_group_of(action)].append((action.value, blanks))
    return [(label, types) for label, types in groups.items() if types]


def _group_of(action: AuditAction) -> str:
    found = (label for prefixes, label in _GROUPS if action.startswith(tuple(prefixes.split())))
    return gettext(next(found, _OTHER))


def _with_code(text: str) -> SafeString:
    parts = _CODE.split(text)
    marked = (format_html("<code>{}</code>" if place % 2 else "{}", part) for place, part in enumerate(parts))
    return mark_safe("".join(marked))  # noqa: S308 - each part is escaped

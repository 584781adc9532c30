"""The tabs of an app's page: what stands in which, and which one opens."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from exchange_apps.admin.tabs import Tab, tabs_of

_TABS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("connect", _("Connect"), ()),
    ("keys", _("Keys"), ("key_source", "jwks", "jwks_uri", "accept_removed_keys")),
    ("scopes", _("Scopes"), ("grantable_scopes", "default_scopes")),
    (
        "limits",
        _("Limits"),
        ("exchange_allowed_ips", "token_allowed_ips", "max_token_ttl", "max_assertion_lifetime"),
    ),
    ("general", _("General"), ("name", "description", "enabled")),
    ("activity", _("Activity"), ()),
)


def application_tabs(form: Any, *, is_new: bool) -> list[Tab]:
    """A new app is one page, and has none."""
    return [] if is_new else tabs_of(form, _TABS)

"""Every address of the API with the scope each of its methods needs, read from the code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, get_resolver

from exchange_apps.api.views import OrganizationView

BELOW = "/v2/organizations/{org}"


def routes() -> dict[tuple[str, str], str]:
    """(method, address) → scope."""
    found: dict[tuple[str, str], str] = {}
    for pattern, address in _patterns(get_resolver("config.urls").url_patterns, "/"):
        view = getattr(pattern.callback, "view_class", None)
        if view is not None and issubclass(view, OrganizationView):
            found |= {(method, address): scope for method, scope in view.scopes.items()}
    return found


def _patterns(entries: list[Any], prefix: str) -> Iterator[tuple[URLPattern, str]]:
    for entry in entries:
        text = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", str(entry.pattern))
        text = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", text).strip("^$").replace("\\", "")
        address = prefix + text
        if isinstance(entry, URLPattern):
            yield entry, address
        else:
            yield from _patterns(entry.url_patterns, address)

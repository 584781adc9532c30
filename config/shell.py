"""What the shell of a page needs, for pages that no admin view makes: read only where the shell is shown."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def shell(request: HttpRequest) -> dict[str, Any]:
    """A context processor; what a view gives by the same name comes before it."""
    if not hasattr(request, "organization"):  # an answer given before the middleware was through
        return {}
    from config.navigation import destinations, navigation
    from config.site import role_name

    return {
        "organization": request.organization,
        "role": SimpleLazyObject(lambda: role_name(request)),
        "navigation": SimpleLazyObject(lambda: navigation(request)),
        "destinations": SimpleLazyObject(lambda: destinations(request)),
    }

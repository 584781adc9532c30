"""The language and the time zone of whoever looks: their own choice, else what their browser says, else English, UTC.

Machines are answered in English and UTC, whatever they say they accept.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

ZONE_COOKIE = "counterfoil_zone"  # written by portal.js
_MACHINES = ("/v2/", "/v3/", "/api/", "/oauth/", "/.well-known/")


class ViewersLanguageAndZone:
    """In place of Django's LocaleMiddleware, which would leave the language behind for the thread's next request."""

    def __init__(self, get_response: Callable[[Any], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        if request.path_info.startswith(_MACHINES):
            return self.get_response(request)
        language = language_of(request)
        with translation.override(language), timezone.override(zone_of(request)):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response


def language_of(request: Any) -> str:
    chosen = getattr(request.user, "language", "")
    return str(chosen if translation.check_for_language(chosen) else translation.get_language_from_request(request))


def zone_of(request: Any) -> zoneinfo.ZoneInfo:
    for name in (getattr(request.user, "time_zone", ""), request.COOKIES.get(ZONE_COOKIE, "")):
        if name in known_zones():
            return zoneinfo.ZoneInfo(name)
    return zoneinfo.ZoneInfo("UTC")


@cache
def known_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())

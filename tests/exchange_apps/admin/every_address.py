"""Every address of the portal's site, found in its URL patterns: a page that somebody adds is walked by itself.

Parameters are filled with what belongs to Acme. A parameter nobody knows here fails the walk until it is taught.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RegexPattern
from django.utils import timezone

from audit.models import AuditEvent
from audit.search.query import parse
from exchange_apps.models import Invitation, Role
from exchange_apps.services.saved_searches import save_search
from tests.world import World

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
_SHADOWED = {"login", "logout"}  # by allauth's pages, at the same addresses; and the catch-all has no page
_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True, slots=True)
class Address:
    """`name` is that of the pattern, `path` stands behind an organization's prefix, without a slash before it."""

    name: str
    path: str


def every_address(world: World) -> list[Address]:
    value_of = cache(partial(_value, world, _acme(world)))
    return [_filled(name, route, value_of) for name, route in _routes(admin.site.urls[0], "")]


def _routes(patterns: Any, prefix: str) -> list[tuple[str, str]]:
    found = []
    for pattern in patterns:
        is_regex = isinstance(pattern.pattern, RegexPattern)
        route = prefix + (_GROUP.sub(r"<\1>", str(pattern.pattern)).strip("^$") if is_regex else str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and not (_SHADOWED & {pattern.name} or "<url>" in route):
            found.append((pattern.name or route, route))
    return found


def _filled(name: str, route: str, value_of: Callable[[str, str], str]) -> Address:
    label, _slash, rest = route.partition("/")
    model = f"{label}.{rest.partition('/')[0]}"
    return Address(name, _PARAMETER.sub(lambda parameter: value_of(parameter[1], model), route))


def _value(world: World, of_acme: list[Any], parameter: str, model: str) -> str:
    match parameter:
        case "object_id":
            found = next((str(one.pk) for one in of_acme if one._meta.label_lower == model), None)
            return found or str(world.deploy_bot.pk)
        case "key_id":
            return str(world.deploy_bot.key_history.get().pk)
        case "key":
            return str(_invitation(world).pk)
        case "event_id":
            return str(AuditEvent.objects.filter(organization_id=world.acme.pk).latest("id").pk)
        case "request_id":
            return AuditEvent.objects.filter(organization_id=world.acme.pk).latest("id").request_id
        case "search_id":
            return str(save_search(world.olga, world.acme, "Refusals", parse("outcome:denied")).pk)
        case "algorithm":
            return "RS256"
        case "kind":
            return "csv"
        case "app_label":
            return "exchange_apps"
    raise AssertionError(f"tell tests/exchange_apps/admin/every_address.py what to put for {parameter}")


def _acme(world: World) -> list[Any]:
    from tests.exchange_apps.admin.portal import everything_of

    return [world.token, world.deploy_bot, *everything_of(world.acme)]


def _invitation(world: World) -> Invitation:
    found, _new = Invitation.objects.get_or_create(
        organization=world.acme,
        email="nina@partner.test",
        defaults={"role": Role.AUDITOR, "expires_at": timezone.now(), "digest": b"x" * 32},
    )
    return found

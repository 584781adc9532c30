"""Lists in pages: `per_page`, opaque `after` and `before` cursors, a `links` object and the same as `Link` header.

Lists are newest first: `after` gives what is behind a cursor, that is older; `before` what is newer.
"""

from __future__ import annotations

import binascii
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api.errors import InvalidParameter

Row = TypeVar("Row", bound=Model)

DEFAULT_LENGTH, MOST = 30, 100
CURSORS = ("per_page", "after", "before")
_VERSION = b"\1"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for: at most one of the cursors is given."""

    length: int
    after: uuid.UUID | None
    before: uuid.UUID | None

    @classmethod
    def of(cls, request: Request) -> PageRequest:
        """Raises InvalidParameter; nothing is clamped."""
        after, before = (_cursor(request, name) for name in ("after", "before"))
        if after and before:
            raise InvalidParameter("before", "Give after or before, not both")
        return cls(_length(request.query_params.get("per_page")), after, before)


def answer_page(
    request: Request,
    rows: QuerySet[Row],
    shown: Callable[[Row], Any],
    with_related: Callable[[list[Row]], Any] = list,
) -> Response:
    """A page of `rows`, found by their time-ordered keys; `with_related` reads at once what a page's rows refer to."""
    asked = PageRequest.of(request)
    if asked.before:
        rows = rows.filter(pk__gt=asked.before).order_by("pk")
    elif asked.after:
        rows = rows.filter(pk__lt=asked.after).order_by("-pk")
    else:
        rows = rows.order_by("-pk")
    found = list(rows[: asked.length + 1])
    more = len(found) > asked.length
    del found[asked.length :]
    with_related(found)
    return page_response(request, asked, found, shown, more=more)


def page_response(
    request: Request,
    asked: PageRequest,
    found: list[Any],
    shown: Callable[[Any], Any],
    *,
    more: bool,
    searched_to: uuid.UUID | None = None,
) -> Response:
    """`found` in the order of travel; `searched_to` is where the next page begins, should this one end early."""
    rows = list(reversed(found)) if asked.before else found
    oldest = rows[-1].pk if rows else asked.after or asked.before
    newest = rows[0].pk if rows else asked.before or asked.after
    if searched_to and asked.before:
        newest = searched_to
    elif searched_to:
        oldest = searched_to
    links = {"self": _address(request)}
    if asked.after or asked.before:
        links["first"] = _address(request, after=None, before=None)
    if newest and (more if asked.before else asked.after):
        links["prev"] = _address(request, after=None, before=newest)
    if oldest and (asked.before or more):
        links["next"] = _address(request, after=oldest, before=None)
    header = ", ".join(f'<{address}>; rel="{name}"' for name, address in links.items() if name != "self")
    body = {"items": [shown(row) for row in rows], "links": links}
    return Response(body, headers={"Link": header} if header else None)


def _length(text: str | None) -> int:
    if text is None:
        return DEFAULT_LENGTH
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MOST):
        raise InvalidParameter("per_page", f"per_page is a number from 1 to {MOST}")
    return int(text)


def _cursor(request: Request, name: str) -> uuid.UUID | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if raw[:1] != _VERSION:
            raise ValueError
        return uuid.UUID(bytes=raw[1:])
    except (ValueError, binascii.Error):
        raise InvalidParameter(name, f"{name} is no cursor: take it from a link of an earlier answer") from None


def _address(request: Request, **cursors: uuid.UUID | None) -> str:
    parameters = request.query_params.dict()
    for name, id in cursors.items():
        parameters.pop(name, None)
        if id:
            parameters[name] = urlsafe_b64encode(_VERSION + id.bytes).decode().rstrip("=")
    query = urlencode(parameters)
    return f"{settings.PUBLIC_URL}{request.path}{'?' + query if query else ''}"

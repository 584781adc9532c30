"""`ETag`, `If-None-Match` and `If-Match` (RFC 9110 section 13)."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import orjson
from django.utils.http import parse_etags
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api.errors import PreconditionFailed


def etag_of(document: Any) -> str:
    """Strong: the same for the same content, whoever reads it."""
    return f'"{blake2b(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()}"'


def described(request: Request, document: Any, *, status: int = 200) -> Response:
    """The document with its ETag, or 304 where a reader has it."""
    etag = etag_of(document)
    if request.method not in SAFE_METHODS:
        return Response(document, status, headers={"ETag": etag})
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if "*" in known or etag in (one.removeprefix("W/") for one in known):
        return Response(status=304, headers={"ETag": etag})
    return Response(document, status, headers={"ETag": etag})


def check_match(request: Request, document: Any) -> None:
    """Before a write: raises PreconditionFailed where `If-Match` names another state; without it all is well."""
    wanted = parse_etags(request.headers.get("If-Match", ""))
    if wanted and "*" not in wanted and etag_of(document) not in wanted:
        raise PreconditionFailed("It has changed since it was read. Read it again, and then write")

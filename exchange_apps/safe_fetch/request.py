"""The one request we send: a GET with six headers, conditional when an entity tag is known."""

import re

from requests import PreparedRequest, Request
from requests.exceptions import InvalidURL

from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchRefused
from exchange_apps.safe_fetch.target import Target

_ENTITY_TAG = re.compile(r'(W/)?"[!#-~]{0,256}"')


def entity_tag(text: str | None) -> str | None:
    """``text`` when it is an entity tag of sane length (RFC 9110, 8.8.3), otherwise ``None``.

    Asked both when a tag arrives and when it is sent back: a host may write anything into it.
    """
    return text if text is not None and _ENTITY_TAG.fullmatch(text) else None


def conditional_get(target: Target, *, user_agent: str, etag: str | None) -> PreparedRequest:
    """The request for ``target``; raises ``FetchRefused`` if the library cannot read its URL."""
    headers = {
        "Host": target.authority,
        "User-Agent": user_agent,
        "Accept": "application/jwk-set+json, application/json;q=0.9, */*;q=0.1",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    if etag is not None:
        headers["If-None-Match"] = etag
    try:
        return Request("GET", target.url, headers=headers).prepare()
    except InvalidURL:
        raise FetchRefused(FetchErrorCode.INVALID_URL, "The URL cannot be used: it is malformed.") from None

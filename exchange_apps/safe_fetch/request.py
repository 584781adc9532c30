"""The requests we send: a GET, conditional when an entity tag is known, the two of an OIDC client, and a message."""

import re
from collections.abc import Mapping

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
    return _prepared("GET", target, user_agent, {} if etag is None else {"If-None-Match": etag}, None)


def bearer_get(target: Target, *, user_agent: str, token: str) -> PreparedRequest:
    return _prepared("GET", target, user_agent, {"Authorization": f"Bearer {token}"}, None)


def form_post(
    target: Target, *, user_agent: str, form: Mapping[str, str], authorization: str | None
) -> PreparedRequest:
    return _prepared("POST", target, user_agent, {"Authorization": authorization} if authorization else {}, form)


def message_post(target: Target, *, user_agent: str, body: bytes, headers: Mapping[str, str]) -> PreparedRequest:
    return _prepared("POST", target, user_agent, {"Accept": "*/*", **headers}, body)


def _prepared(
    method: str, target: Target, user_agent: str, more: Mapping[str, str], data: Mapping[str, str] | bytes | None
) -> PreparedRequest:
    headers = {
        "Host": target.authority,
        "User-Agent": user_agent,
        "Accept": "application/jwk-set+json, application/json;q=0.9, */*;q=0.1",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **more,
    }
    try:
        return Request(method, target.url, headers=headers, data=data).prepare()
    except InvalidURL:
        raise FetchRefused(FetchErrorCode.INVALID_URL, "The URL cannot be used: it is malformed.") from None

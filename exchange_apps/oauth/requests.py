"""From bytes to the parameters of a form (RFC 6749 section 3.2), or the sentence that says why not."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import unquote_plus

from django.http import HttpRequest

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest, RequestTooLarge
from exchange_apps.domain.token_request import SentForm

MOST_BODY_BYTES = 64 * 1024
_MOST_PARAMETERS = 100
_MOST_KEPT_CHARACTERS = 200
_FORM = "application/x-www-form-urlencoded"


def read_form(request: HttpRequest) -> SentForm:
    """The parameters of the body. The query string is never looked at. Raises InvalidRequest, RequestTooLarge."""
    body = read_body(request)
    if request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidRequest(DenialReason.NOT_A_FORM)
    try:
        fields = [field.partition("=") for field in body.decode("ascii").split("&") if field]
        pairs = tuple((_decoded(name), _decoded(value)) for name, _, value in fields[: _MOST_PARAMETERS + 1])
    except ValueError:
        raise InvalidRequest(DenialReason.NOT_A_FORM) from None
    if len(pairs) > _MOST_PARAMETERS:
        raise InvalidRequest(DenialReason.NOT_A_FORM)
    return SentForm(pairs, "HTTP_AUTHORIZATION" in request.META)


def _decoded(text: str) -> str:
    """Percent-decoded, as UTF-8 without mercy. Short texts are kept: the URNs are the same in every request."""
    if "%" not in text and "+" not in text:
        return text
    return _decoded_short(text) if len(text) <= _MOST_KEPT_CHARACTERS else unquote_plus(text, errors="strict")


@lru_cache(maxsize=2048)
def _decoded_short(text: str) -> str:
    return unquote_plus(text, errors="strict")


def read_body(request: HttpRequest) -> bytes:
    """At most 64 KiB. Raises RequestTooLarge."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > MOST_BODY_BYTES):
        raise RequestTooLarge(DenialReason.BODY_TOO_LARGE)
    # A chunked body has no length; Django would take it for empty, so it is read from the server itself
    is_chunked = not length and request.META.get("wsgi.input_terminated")
    source = request.META["wsgi.input"] if is_chunked else request
    body: bytes = source.read(MOST_BODY_BYTES + 1)
    if len(body) > MOST_BODY_BYTES:
        raise RequestTooLarge(DenialReason.BODY_TOO_LARGE)
    return body

"""Judging an answer by its head, and reading its body no further than the limit."""

from typing import Final

from requests import Response

from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed

_OK: Final = 200
_NOT_MODIFIED: Final = 304


def read_body(response: Response, *, conditional: bool, max_bytes: int) -> bytes:
    """The body of a 200, empty for a 304 that answers a ``conditional`` request.

    Raises ``FetchFailed`` for any other status, for an encoded body, and for one longer than ``max_bytes``,
    of which at most one byte more than that has been read.
    """
    _check_status(response.status_code, conditional)
    if response.status_code == _NOT_MODIFIED:
        return b""
    _check_encoding(response)
    if int(response.headers.get("Content-Length", 0)) > max_bytes:
        raise _too_large(max_bytes)
    return _read_at_most(response, max_bytes)


def check_accepted(response: Response) -> bytes:
    """Nothing, for any 2xx; raises ``FetchFailed`` for any other status. The body stays unread."""
    if 200 <= response.status_code < 300:
        return b""
    raise _unexpected(response.status_code, "2xx")


def _check_status(status: int, conditional: bool) -> None:
    if status == _OK or (status == _NOT_MODIFIED and conditional):
        return
    raise _unexpected(status, "200")


def _unexpected(status: int, expected: str) -> FetchFailed:
    if 300 <= status < 400 and status != _NOT_MODIFIED:
        return FetchFailed(
            FetchErrorCode.REDIRECT,
            f"The host answered with a redirect (HTTP {status}). Redirects are not followed: "
            "enter the address it leads to.",
            status,
        )
    return FetchFailed(FetchErrorCode.STATUS, f"The host answered HTTP {status} instead of {expected}.", status)


def _check_encoding(response: Response) -> None:
    # We ask for identity. A host that compresses all the same could unpack a kilobyte into gigabytes.
    content = response.headers.get("Content-Encoding", "identity").strip().lower()
    transfer = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
    if content not in ("", "identity") or transfer != "chunked":
        raise FetchFailed(
            FetchErrorCode.ENCODED,
            "The host answered with a compressed body although a plain one was asked for.",
            response.status_code,
        )


def _read_at_most(response: Response, max_bytes: int) -> bytes:
    body = bytearray()
    # One byte past the limit tells "exactly full" from "too long". The read that returns nothing is the one
    # that notices a body shorter than its Content-Length.
    while piece := response.raw.read(max_bytes + 1 - len(body), decode_content=False):
        body += piece
        if len(body) > max_bytes:
            raise _too_large(max_bytes)
    return bytes(body)


def _too_large(max_bytes: int) -> FetchFailed:
    return FetchFailed(FetchErrorCode.BODY_TOO_LARGE, f"The answer is larger than {max_bytes:,} bytes.", _OK)

"""requests over a connection that already exists.

The library is left to speak HTTP and nothing else. Name lookup, connecting and TLS have happened before, so
no second lookup can give another address, and a ``Session`` with its cookies, proxies, ``.netrc`` and
redirects is not involved at all (it reads the whole body of a redirect even when told not to follow it).
"""

import re
import socket
from http.client import HTTPException, HTTPResponse, RemoteDisconnected
from typing import Any, Final

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed

_LENGTH = re.compile(r"[0-9]{1,18}")

MAX_HEAD_BYTES: Final = 16_384
"""Status line and header lines together, interim 1xx answers included."""


class ChannelAdapter(HTTPAdapter):
    """Sends one request over ``connected``, a socket on which TLS, if any, is already verified."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._connected = connected

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *_args: Any, **_options: Any
    ) -> HTTPConnectionPool:
        return _ChannelPool("connected", connected=self._connected)

    def cert_verify(self, *_args: Any, **_options: Any) -> None:
        """Nothing left to verify; the inherited method would only prepare for a handshake that is over."""


class _BoundedHeadReader:
    """The two methods http.client uses to read a head, with a limit on the bytes of all lines together."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._left = MAX_HEAD_BYTES

    def readline(self, limit: int) -> bytes:
        line: bytes = self._reader.readline(min(limit, self._left + 1))
        self._left -= len(line)
        if not line:
            raise RemoteDisconnected("the head ends before its empty line")
        if self._left < 0:
            raise FetchFailed(
                FetchErrorCode.HEAD_TOO_LARGE,
                f"The headers of the answer are larger than {MAX_HEAD_BYTES:,} bytes.",
            )
        return line

    def close(self) -> None:
        self._reader.close()


class _StrictHeadResponse(HTTPResponse):
    """An answer whose head must be small, complete and well formed.

    http.client alone allows a hundred lines of 64 KiB, takes a connection that ends among the headers for
    their end, and forgets every header after a line it cannot read, the encoding of the body perhaps among
    them.
    """

    def begin(self) -> None:
        body_reader = self.fp
        self.fp = _BoundedHeadReader(body_reader)  # type: ignore[assignment]  # only these two are called
        try:
            super().begin()
        finally:
            if self.fp is not None:  # closed by begin() itself when the first line is not HTTP
                self.fp = body_reader
        if self.msg.defects or self.msg.get_payload():
            raise HTTPException("a header line is malformed")
        lengths = self.msg.get_all("Content-Length", [])
        framings = lengths + self.msg.get_all("Transfer-Encoding", [])
        if len(framings) > 1 or not all(_LENGTH.fullmatch(length) for length in lengths):
            raise HTTPException("where the body ends is not clear")  # RFC 9112, 6.3

    def _read_and_discard_trailer(self) -> None:
        """Reads nothing: trailers may go on for ever, and no second answer follows on this connection."""


class _ChannelConnection(HTTPConnection):
    response_class = _StrictHeadResponse

    def __init__(self, *args: Any, connected: socket.socket, **options: Any) -> None:
        super().__init__(*args, **options)
        self._connected = connected

    def _new_conn(self) -> socket.socket:
        return self._connected


class _ChannelPool(HTTPConnectionPool):
    ConnectionCls = _ChannelConnection

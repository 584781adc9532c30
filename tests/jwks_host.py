"""A real HTTP(S) host on loopback that publishes keys, and misbehaves in every way asked of it.

    authority = CertificateAuthority.create(folder)
    with running_jwks_host(authority.server_context(HOST_NAME)) as host:
        host.answer = json_answer({"keys": [...]}, etag='"1"')
        ...  # fetch host.url("/jwks.json"), trusting authority.bundle
        assert host.requests[0].headers["user-agent"].startswith("Counterfoil")

``host.answer`` may be replaced at any time, from any thread; it is called once per request.
"""

import gzip
import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import Any

HOST_NAME = "jwks.example.test"
LOOPBACK = (IPv4Network("127.0.0.0/8"),)
_MAX_REQUEST_HEAD = 65_536


@dataclass(frozen=True)
class ReceivedRequest:
    """One request as it arrived; header names are lower-case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Visit:
    """One connection on which a request was read and an answer is due."""

    request: ReceivedRequest
    connection: socket.socket
    stopping: Event

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def respond(self, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.send(_head(status, {"Content-Length": str(len(body)), **(headers or {})}) + body)

    def drip(self, data: bytes, every: float) -> None:
        """Send ``data`` one byte at a time, ``every`` seconds."""
        for position in range(len(data)):
            self.send(data[position : position + 1])
            if self.stopping.wait(every):
                return

    def flood(self, data: bytes, after: bytes = b"") -> None:
        """Send ``after``, then ``data`` again and again until the client leaves."""
        self.send(after)
        while not self.stopping.is_set():
            self.send(data)

    def stay_silent(self) -> None:
        self.stopping.wait()


Answer = Callable[[Visit], None]
Accept = Callable[[socket.socket, Event], socket.socket]


@dataclass
class JWKSHost:
    """The host under way: ``requests`` is everything that was asked, oldest first."""

    scheme: str
    port: int
    answer: Answer
    accept: Accept
    requests: list[ReceivedRequest] = field(default_factory=list)
    visitors: list[tuple[str, int]] = field(default_factory=list)
    stopping: Event = field(default_factory=Event)

    @property
    def connections(self) -> int:
        """How many connections were accepted, whether or not a request came on them."""
        return len(self.visitors)

    def url(self, path: str = "/jwks.json", host: str = HOST_NAME) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def serve(self, connection: socket.socket) -> None:
        """One connection from its first byte to its end; whatever the client does to it is no error here."""
        self.visitors.append(connection.getpeername())
        with suppress(OSError), closing(self.accept(connection, self.stopping)) as ready:
            request = _read_request(ready)
            if request is not None:
                self.requests.append(request)
                self.answer(Visit(request, ready, self.stopping))


@contextmanager
def running_jwks_host(
    tls: ssl.SSLContext | None = None, *, accept: Accept | None = None, answer: Answer | None = None
) -> Iterator[JWKSHost]:
    """Run a host on a free port of 127.0.0.1: https with ``tls``, http without, anything with ``accept``."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            host.serve(self.request)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "https" if tls or accept else "http"
        shake_hands = accept or (tls_accept(tls) if tls else plain_accept)
        host = JWKSHost(scheme, server.server_address[1], answer or json_answer({"keys": []}), shake_hands)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.stopping.set()
            server.shutdown()
            thread.join()


# How a connection begins.


def plain_accept(connection: socket.socket, _stopping: Event) -> socket.socket:
    return connection


def tls_accept(tls: ssl.SSLContext) -> Accept:
    return lambda connection, _stopping: tls.wrap_socket(connection, server_side=True)


def silent_accept(connection: socket.socket, stopping: Event) -> socket.socket:
    """Accepts, and never says a word of TLS."""
    stopping.wait()
    return connection


def dripping_accept(every: float) -> Accept:
    """Begins a large TLS handshake record and sends it one byte at a time, ``every`` seconds."""

    def accept(connection: socket.socket, stopping: Event) -> socket.socket:
        connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
        while not stopping.wait(every):
            connection.sendall(b"\x00")
        return connection

    return accept


# Answers of a host in good health.


def json_answer(
    document: Any,
    *,
    etag: str | None = None,
    cache_control: str | None = None,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """``document`` as JSON, or 304 when the request already has ``etag``."""
    sent = {"Content-Type": content_type, **(headers or {})}
    if etag is not None:
        sent["ETag"] = etag
    if cache_control is not None:
        sent["Cache-Control"] = cache_control

    def answer(visit: Visit) -> None:
        if etag is not None and visit.request.headers.get("if-none-match") == etag:
            visit.send(_head(304, sent))
        else:
            visit.respond(200, sent, json.dumps(document).encode())

    return answer


# Answers of a host that is broken or hostile.


def status_answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Answer:
    return lambda visit: visit.respond(status, headers, body)


def redirect_answer(location: str, status: int = 302, body: bytes = b"") -> Answer:
    return status_answer(status, {"Location": location}, body)


def html_answer() -> Answer:
    return status_answer(200, {"Content-Type": "text/html"}, b"<!doctype html><title>Sign in</title>")


def gzip_answer(document: Any) -> Answer:
    body = gzip.compress(json.dumps(document).encode())
    return status_answer(200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, body)


def raw_answer(data: bytes) -> Answer:
    """Exactly these bytes, then the end of the connection."""
    return lambda visit: visit.send(data)


def hanging_answer() -> Answer:
    return Visit.stay_silent


def dripping_head_answer(every: float) -> Answer:
    """A head that never ends, one byte at a time."""
    return lambda visit: visit.drip(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"a" * 1_000_000, every)


def dripping_body_answer(every: float, *, with_length: bool = True) -> Answer:
    """A head at once, then a body one byte at a time; without a length only the connection's end ends it."""
    head = _head(200, {"Content-Length": "60000"} if with_length else {})

    def answer(visit: Visit) -> None:
        visit.send(head)
        visit.drip(b" " * 60_000, every)

    return answer


def endless_head_answer(line: bytes) -> Answer:
    """The same line of the head for ever."""
    return lambda visit: visit.flood(line * 100, after=b"HTTP/1.1 200 OK\r\n")


def endless_body_answer(
    status: int = 200, *, chunked: bool = False, headers: Mapping[str, str] | None = None
) -> Answer:
    """A body that ends only with the connection, whatever ``headers`` say."""
    framing = {"Transfer-Encoding": "chunked"} if chunked else {}
    piece = b"4000\r\n" + b" " * 0x4000 + b"\r\n" if chunked else b" " * 0x4000
    return lambda visit: visit.flood(piece, after=_head(status, {**framing, **(headers or {})}))


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Because", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


def _read_request(connection: socket.socket) -> ReceivedRequest | None:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece or len(data) > _MAX_REQUEST_HEAD:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _version = first.split(" ")
    headers = {name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        piece = connection.recv(65_536)
        if not piece:
            return None
        body += piece
    return ReceivedRequest(method, path, headers, body)

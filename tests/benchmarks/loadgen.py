"""Closed-loop HTTP/1.1 load generator: one process, raw sockets, epoll.

Each of N connections sends its next request as soon as the last one is answered. A request costs about 20
microseconds of one core (60 to 80 on a single connection); against an endpoint that does nothing it drives
more than 20,000 requests a second, so it is not what limits a measurement here.
"""

import select
import socket
import time
from collections.abc import Callable, Iterator

from tests.benchmarks.load import Load

#: Seconds without any answer after which a run gives up.
PATIENCE = 15.0


class Connection:
    """One keep-alive connection and the answer it is collecting."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.sent_at = 0.0

    def send(self, request: bytes) -> None:
        """Send one request and note the time (seconds, monotonic)."""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> tuple[int, bytes, bool] | None:
        """Read what has come. Return status, body and whether the server closes; None while incomplete."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionResetError("closed without an answer")
        self.received = raw = self.received + chunk if self.received else chunk
        end_of_head = raw.find(b"\r\n\r\n")
        if end_of_head < 0:
            return None
        head = raw[:end_of_head].lower()
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            end = end_of_head + 4 + int(head[at + 17 :].split(b"\r\n", 1)[0])
            if len(raw) < end:
                return None
        elif not raw.endswith(b"0\r\n\r\n"):  # chunked; the body is found by its braces below
            return None
        self.received = b""
        return int(head[9:12]), raw[end_of_head + 4 :], b"\r\nconnection: close" in head


class Generator:
    """One run against ``address``: warm-up, measured window, and waiting for what is under way."""

    def __init__(self, address: tuple[str, int], requests: Iterator[bytes]) -> None:
        self.requests = requests
        self.address = address
        self.load = Load()
        self.poll = select.epoll()
        self.busy: dict[int, Connection] = {}
        self.opened: list[Connection] = []

    def start(self, connection: Connection) -> None:
        """Send the next prepared request, if one is left."""
        request = next(self.requests, None)
        if request is None:
            return
        self.load.requests += 1
        self.busy[connection.socket.fileno()] = connection
        connection.send(request)

    def connect(self) -> Connection:
        """Open and watch one connection."""
        connection = Connection(self.address)
        self.opened.append(connection)
        self.poll.register(connection.socket, select.EPOLLIN)
        return connection

    def finish(self, connection: Connection) -> tuple[Connection, bool]:
        """Take in one answer. Return the connection to go on with, and whether the answer is complete."""
        try:
            answer = connection.answer()
        except OSError as problem:
            answer = (0, str(problem).encode(), True)
        if answer is None:
            return connection, False
        status, body, closes = answer
        self.load.statuses[status] += 1
        if status == 200:
            self.load.bodies.append(body)
        elif not self.load.first_failure:
            self.load.first_failure = f"{status or 'connection lost'}: {body[:300].decode(errors='replace')}"
        del self.busy[connection.socket.fileno()]
        if closes:
            sent_at = connection.sent_at
            self.poll.unregister(connection.socket)
            connection.socket.close()
            connection = self.connect()
            connection.sent_at = sent_at
        return connection, True

    def run(self, connections: int, seconds: float, warm_up: float, at_edge: Callable[[], None]) -> Load:
        """See :func:`drive`."""
        clock, load = time.perf_counter, self.load
        phase, begin, edge = "warm-up", 0.0, clock() + warm_up
        for _ in range(connections):
            self.start(self.connect())
        last_answer = clock()
        while self.busy and clock() - last_answer < PATIENCE:
            for descriptor, _ in self.poll.poll(1.0):
                connection, complete = self.finish(self.busy[descriptor])
                if not complete:
                    continue
                last_answer = clock()
                if phase == "measured":
                    load.answered += 1
                    if connection.sent_at > begin:  # the very first ones waited for at_edge() as well
                        load.latencies.append((last_answer - connection.sent_at) * 1000)
                if phase != "draining":
                    self.start(connection)
            if phase == "warm-up" and clock() >= edge:
                at_edge()
                phase, begin = "measured", clock()
                edge = begin + seconds
            elif phase == "measured" and (clock() >= edge or not self.busy):
                load.seconds, phase = clock() - begin, "draining"
                at_edge()
        self.close()
        return load

    def close(self) -> None:
        """Count what was never answered and close all connections."""
        if self.busy:
            self.load.statuses["no answer"] += len(self.busy)
            self.load.first_failure = self.load.first_failure or f"no answer within {PATIENCE:.0f} s"
        for connection in self.opened:
            connection.socket.close()
        self.poll.close()


def drive(
    address: tuple[str, int],
    requests: Iterator[bytes],
    *,
    connections: int,
    seconds: float,
    warm_up: float = 0.0,
    at_edge: Callable[[], None] = lambda: None,
) -> Load:
    """Send ``requests`` for ``warm_up`` plus ``seconds``; only the latter are measured, all are checked.

    ``at_edge`` is called at the beginning and at the end of the measured window. What is under way at the end
    is waited for, so that every request sent is accounted for.
    """
    return Generator(address, requests).run(connections, seconds, warm_up, at_edge)

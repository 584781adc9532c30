"""The harness itself: a benchmark that miscounts is worse than none."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import jwt
import pytest

from tests.benchmarks.assertions import SigningKey, sign_assertions
from tests.benchmarks.goals import Goal, compare
from tests.benchmarks.loadgen import drive
from tests.benchmarks.rounds import Cell, median_cell


class Handler(BaseHTTPRequestHandler):
    """Mints a number for every request, refuses each tenth, and closes the connection after each seventh."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    numbers = count(1)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        number = next(self.numbers)
        refused = number % 10 == 0
        body = b'{"error":"no"}' if refused else b'{"access_token":"%d"}' % number
        self.send_response(400 if refused else 200)
        self.send_header("Content-Length", str(len(body)))
        if number % 7 == 0:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_every_request_of_a_run_is_accounted_for(port: int) -> None:
    requests = (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n%04d" % number for number in range(200))
    edges: list[str] = []
    load = drive(("127.0.0.1", port), requests, connections=4, seconds=30, at_edge=lambda: edges.append("edge"))
    assert load.requests == 200
    assert load.statuses == {200: 180, 400: 20}
    assert load.errors == 20
    assert len(set(load.tokens())) == 180
    assert load.first_failure.startswith("400: ")
    assert edges == ["edge", "edge"]


def test_a_run_ends_with_its_time(port: int) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    load = drive(("127.0.0.1", port), iter(lambda: request, None), connections=2, seconds=0.2, warm_up=0.05)
    assert load.seconds == pytest.approx(0.2, abs=0.1)
    assert 0 < load.answered < load.requests
    assert load.percentile(0.5) <= load.percentile(0.99)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_prepared_assertions_are_good_and_distinct(algorithm: str) -> None:
    key = SigningKey(algorithm)
    signed = sign_assertions(key.pem(), algorithm, key.kid, "bench", "http://issuer", 3)
    public = jwt.PyJWK(key.public_jwk())
    claims = [jwt.decode(one, public, algorithms=[algorithm], audience="http://issuer") for one in signed]
    assert len({claim["jti"] for claim in claims}) == 3
    assert {claim["iss"] for claim in claims} == {claim["sub"] for claim in claims} == {"bench"}


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("rate", 1.5, goal=1.5, floor=1.1), "goal reached"),
        (Goal("rate", 1.2, goal=1.5, floor=1.1), "floor held"),
        (Goal("rate", 1.0, goal=1.5, floor=1.1), "BELOW FLOOR"),
        (Goal("time", 0.5, goal=0.6, floor=0.9, at_most=True), "goal reached"),
        (Goal("time", 1.0, goal=0.6, floor=0.9, at_most=True), "BELOW FLOOR"),
        (Goal("rate", 0.8, goal=0.85), "goal missed"),
        (Goal("rate", None, goal=1.5), "not measured"),
    ],
)
def test_a_goal_says_what_was_reached(goal: Goal, verdict: str) -> None:
    assert goal.verdict == verdict


def cell(rate: float, others: float, problem: str = "") -> Cell:
    return Cell("x", "RS256", 8, rate, 1, 2, 3, 1, others, problem)


def test_medians_are_of_the_quiet_rounds_and_keep_every_problem() -> None:
    assert median_cell([cell(10, 0.1), cell(30, 0.9, "lost"), cell(20, 0.1)]) == cell(15, 0.1, "lost")


def test_where_no_round_was_quiet_all_of_them_count() -> None:
    assert median_cell([cell(10, 0.9), cell(30, 0.7), cell(20, 0.8)]) == cell(20, 0.8)


def test_a_disturbed_comparison_says_so() -> None:
    assert compare("rate", cell(30, 0.1), cell(10, 0.9), goal=1.5).verdict == "goal reached (disturbed)"
    assert compare("p99", cell(30, 0.1), cell(10, 0.1), "p99", goal=0.6, floor=0.9).verdict == "BELOW FLOOR"

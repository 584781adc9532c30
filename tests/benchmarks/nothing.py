"""A WSGI application that reads a request and answers with a constant: the cost of the HTTP server alone."""

from collections.abc import Callable, Iterable
from typing import Any

ANSWER = b'{"access_token":"none"}'
HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(ANSWER)))]


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer every request alike."""
    environ["wsgi.input"].read()
    start_response("200 OK", HEADERS)
    return [ANSWER]

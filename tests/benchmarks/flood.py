"""A flood of made-up key ids at one app while another job of the same app goes on exchanging.

    python -m tests.benchmarks.flood [--database sqlite|postgres] [--failure-limit 60]

2,000 requests over 16 connections, each connection from a source address of its own, against two worker processes.
Promised: at most one fetch a minute reaches the JWKS host, and good exchanges keep at least 80 % of their rate.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import secrets
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from cryptography.fernet import Fernet

from tests.benchmarks.assertions import LIFETIME, AssertionPool, b64url
from tests.benchmarks.databases import PostgresDatabase, SqliteDatabase
from tests.benchmarks.load import Load
from tests.benchmarks.loadgen import drive
from tests.benchmarks.places import ISSUER, REPOSITORY, fresh_folder
from tests.benchmarks.processes import Server, clean_environment, run
from tests.benchmarks.system import CLIENT_ID, EMAIL, ORGANIZATION, SCOPE, TOKEN_EXCHANGE
from tests.certificate_authority import CertificateAuthority
from tests.jwks_host import JWKSHost, json_answer, running_jwks_host
from tests.ports import free_port

REQUESTS, CONNECTIONS = 2000, 16
GOOD_CONNECTIONS = 4
SECONDS = 10.0
LAST_ATTEMPT_IS_OLD = (  # else the minute after the first fetch would hide the fetches of the flood
    "from exchange_apps.models import RemoteKeySet; RemoteKeySet.objects.update(attempted_at='2026-01-01T00:00:00Z')"
)
FORM = {
    "grant_type": TOKEN_EXCHANGE,
    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "subject_token": EMAIL,
    "subject_token_type": "urn:buildkite:params:oauth:token-type:user-email",
    "audience": ORGANIZATION,
    "scope": SCOPE,
}


@dataclass(frozen=True)
class Figures:
    """Exchanges per second without the flood and with it, and what the flood did."""

    undisturbed: float
    disturbed: float
    good: Load
    flood: Load
    fetches: int

    def render(self, name: str) -> str:
        share = self.disturbed / self.undisturbed
        statuses = ", ".join(f"{count} × {status}" for status, count in sorted(self.flood.statuses.items()))
        return (
            f"| {name} | {self.undisturbed:.0f} | {self.disturbed:.0f} | {share:.0%}"
            f" | {self.good.percentile(0.99):.0f} ms | {self.good.errors} | {self.fetches}"
            f" | {self.flood.seconds:.1f} s: {statuses} |"
        )


def http_request(form: dict[str, str], address: str) -> bytes:
    body = urlencode(form).encode()
    head = (
        f"POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {address}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def good_requests(pool: AssertionPool, start: int) -> Iterator[bytes]:
    for assertion in pool.read("RS256", start):
        yield http_request(FORM | {"client_assertion": assertion}, "203.0.113.200")


def bad_requests(seconds: float) -> Iterator[bytes]:
    """Well-formed assertions of the same client, each with a key id nobody has; spread evenly over the time given."""
    now, began = int(time.time()), time.monotonic()
    claims = {"iss": CLIENT_ID, "sub": CLIENT_ID, "aud": ISSUER, "iat": now, "exp": now + 300}
    for number in range(REQUESTS):
        time.sleep(max(0.0, began + seconds * number / REQUESTS - time.monotonic()))
        header = b64url(json.dumps({"alg": "RS256", "kid": secrets.token_hex(8)}).encode())
        body = f"{header}.{b64url(json.dumps(claims | {'jti': secrets.token_hex(8)}).encode())}"
        assertion = f"{body}.{b64url(secrets.token_bytes(256))}"
        yield http_request(FORM | {"client_assertion": assertion}, f"203.0.113.{number % CONNECTIONS + 1}")


def flood(port: int, seconds: float, answers: multiprocessing.Queue[Load]) -> None:
    answers.put(drive(("127.0.0.1", port), bad_requests(seconds), connections=CONNECTIONS, seconds=3600))


def configuration(uri: str) -> dict[str, object]:
    member = {"email": EMAIL, "name": "Ada", "role": "owner", "email_verified": True, "active": True}
    app = {
        "name": "bench",
        "client_id": CLIENT_ID,
        "jwks_uri": uri,
        "grantable_scopes": [SCOPE],
        "default_scopes": [SCOPE],
        "max_assertion_lifetime": LIFETIME,
    }
    organization = {"slug": ORGANIZATION, "exchange_rate_limit": 0, "members": [member], "token_exchange_apps": [app]}
    return {"version": 1, "organizations": [organization]}


def measure(database: str, failure_limit: int, spread: float, pool: AssertionPool) -> Figures:
    """One installation from nothing, its undisturbed rate, then the same with the flood beside it."""
    folder = fresh_folder("flood")
    stored = PostgresDatabase("flood") if database == "postgres" else SqliteDatabase(folder / "flood.sqlite3")
    authority = CertificateAuthority.create(folder)
    with running_jwks_host(authority.server_context("127.0.0.1"), answer=json_answer(pool.jwks())) as host:
        env = clean_environment({
            "COUNTERFOIL_ENV_FILE": "",
            "DATABASE_URL": stored.url,
            "PUBLIC_URL": ISSUER,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
            "TRUSTED_PROXIES": "127.0.0.0/8",
            "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
            "OUTBOUND_CA_BUNDLE": str(authority.bundle),
            "CELERY_BROKER_URL": f"filesystem://{folder / 'queue'}",
            "EXCHANGE_FAILURE_LIMIT": str(failure_limit),
        })  # fmt: skip
        try:
            return _measure_on(env, folder, host, spread, pool)
        finally:
            stored.drop()


def _measure_on(env: dict[str, str], folder: Path, host: JWKSHost, spread: float, pool: AssertionPool) -> Figures:
    manage, file, port = REPOSITORY / "manage.py", folder / "counterfoil.json", free_port()
    file.write_text(json.dumps(configuration(host.url("/jwks.json", host="127.0.0.1"))))
    run([sys.executable, manage, "migrate", "--verbosity", "0"], cwd=REPOSITORY, env=env)
    run([sys.executable, manage, "apply", file], cwd=REPOSITORY, env=env)
    options = ["--port", str(port), "--workers", "2", "--threads", "8"]
    server = Server([sys.executable, manage, "serve", *options], cwd=REPOSITORY, env=env, log=folder / "server.log")
    try:
        server.wait_until_ready(port, "/readyz")
        address = ("127.0.0.1", port)
        undisturbed = drive(address, good_requests(pool, 0), connections=GOOD_CONNECTIONS, seconds=SECONDS, warm_up=2.0)
        run([sys.executable, manage, "shell", "-c", LAST_ATTEMPT_IS_OLD], cwd=REPOSITORY, env=env)
        fetched = len(host.requests)
        answers: multiprocessing.Queue[Load] = multiprocessing.Queue()
        attacker = multiprocessing.Process(target=flood, args=(port, spread, answers))
        began = time.monotonic()
        attacker.start()
        good = drive(address, good_requests(pool, undisturbed.requests), connections=GOOD_CONNECTIONS, seconds=SECONDS)
        bad = answers.get(timeout=120)
        bad.seconds = time.monotonic() - began
        attacker.join()
    finally:
        server.stop()
    return Figures(undisturbed.rate, good.rate, good, bad, len(host.requests) - fetched)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), action="append")
    parser.add_argument("--failure-limit", type=int, action="append")
    parser.add_argument("--spread", type=float, default=SECONDS, help="seconds of the flood; 0: at once")
    arguments = parser.parse_args()
    pool = AssertionPool(CLIENT_ID, ISSUER)
    pool.ensure("RS256", 40_000)
    print("| | undisturbed/s | during the flood/s | kept | p99 | failed | fetches | the flood |\n|" + "---|" * 8)
    cases = itertools.product(arguments.database or ["sqlite", "postgres"], arguments.failure_limit or [60, 0])
    for database, failure_limit in cases:
        figures = measure(database, failure_limit, arguments.spread, pool)
        name = f"{database}, failure limit {failure_limit}, flood over {arguments.spread:g} s"
        print(figures.render(name), flush=True)
    pool.close()


if __name__ == "__main__":
    main()

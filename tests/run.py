"""`make test`: the whole suite on the embedded defaults, then again on the servers that are there.

TEST_DATABASE_URL and TEST_REDIS_URL name them; without these a PostgreSQL and a Redis on this machine are used where
they let us in. Arguments go to pytest: `make test ARGS="-k replay"`.

With TEST_AGAIN=1, as in CI, a few tests that failed get a second try, one after the other on a machine that is quiet by
then: many wait for clocks and for processes that start. What fails only once is named, so that somebody mends it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import redis

LOCAL_POSTGRESQL = "postgres://postgres@127.0.0.1:5432"
LOCAL_REDIS = "redis://127.0.0.1:6379/15"
# Two runs at once must not share a database; Django creates and drops `test_` + this name
DATABASE_NAME = f"counterfoil_{os.getpid()}"
_LAST_FAILED = Path(__file__).parent.parent / ".pytest_cache/v/cache/lastfailed"
# More than these is no accident
_MOST_SECOND_TRIES = 3
# One more than there are processors: many tests wait for a process that starts, or for a clock
PROCESSES = os.environ.get("TEST_PROCESSES") or str((os.cpu_count() or 1) + 1)
# Decisions, fetching and the tools know no database, and what a browser or a client library sees does not depend on
# which one it is: these run once
SAME_ON_SERVERS = [
    "tests/benchmarks",
    "tests/browser",
    "tests/clients",
    "tests/exchange_apps/domain",
    "tests/exchange_apps/test_jose_attacks.py",
    "tests/exchange_apps/test_safe_fetch.py",
]
# On servers that were merely found, so that CI ends within a quarter of an hour; TEST_DATABASE_URL asks for these too
HARDLY_DIFFERENT = [
    "tests/config",
    "tests/exchange_apps/admin",
    "tests/exchange_apps/sign_in",
    "tests/exchange_apps/api",
    "tests/exchange_apps/workloads",
    "tests/oidc_issuer/federation",
]


def find_postgresql() -> str:
    """An address for tests, empty where there is none."""
    if address := os.environ.get("TEST_DATABASE_URL", ""):
        return address
    try:
        psycopg.connect(f"{LOCAL_POSTGRESQL}/postgres", connect_timeout=2).close()
    except psycopg.Error:
        return ""
    return f"{LOCAL_POSTGRESQL}/{DATABASE_NAME}"


def find_redis() -> str:
    if address := os.environ.get("TEST_REDIS_URL", ""):
        return address
    try:
        with redis.Redis.from_url(LOCAL_REDIS, socket_connect_timeout=2) as client:
            client.ping()
    except redis.RedisError:
        return ""
    return LOCAL_REDIS


def run_suite(title: str, servers: Mapping[str, str], arguments: list[str]) -> int:
    print(f"== Tests on {title}", flush=True)
    begun = time.monotonic()
    kept = {name: value for name, value in os.environ.items() if name not in ("TEST_DATABASE_URL", "TEST_REDIS_URL")}
    pytest = [sys.executable, "-m", "pytest", "-q"]
    command = [*pytest, "--cache-clear", "-n", PROCESSES, "--dist", "loadgroup", *arguments]
    code = subprocess.run(command, env=kept | dict(servers), check=False).returncode
    if code == 1 and os.environ.get("TEST_AGAIN") and 0 < len(failed := _failed_tests()) <= _MOST_SECOND_TRIES:
        print(f"== Once more, alone: {', '.join(failed)}", flush=True)
        code = subprocess.run([*pytest, *failed], env=kept | dict(servers), check=False).returncode
        if code == 0:
            print(f"== UNSTABLE on {title}, please mend: {', '.join(failed)}", flush=True)
    print(f"== {'Passed' if code == 0 else 'FAILED'} on {title} in {time.monotonic() - begun:.0f} s", flush=True)
    return code


def _failed_tests() -> list[str]:
    """Ids of the tests that failed in the run that just ended; empty where none did or nobody knows."""
    try:
        # Without the group that xdist puts behind: `@browser`
        return [re.sub(r"@\w+$", "", test) for test in json.loads(_LAST_FAILED.read_text())]
    except (OSError, ValueError):
        return []


def main(arguments: list[str]) -> int:
    codes = [run_suite("SQLite, the embedded default", {}, arguments)]
    servers = {"TEST_DATABASE_URL": find_postgresql(), "TEST_REDIS_URL": find_redis()}
    found = {name: address for name, address in servers.items() if address}
    if found:
        titles = {"TEST_DATABASE_URL": "PostgreSQL", "TEST_REDIS_URL": "Redis"}
        once = SAME_ON_SERVERS if os.environ.get("TEST_DATABASE_URL") else SAME_ON_SERVERS + HARDLY_DIFFERENT
        again = arguments or [f"--ignore={folder}" for folder in once]
        codes.append(run_suite(" and ".join(titles[name] for name in found), found, again))
    else:
        print("== No PostgreSQL and no Redis here (TEST_DATABASE_URL, TEST_REDIS_URL): not tested on them", flush=True)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The one statement of a mint alone on PostgreSQL: token, audit and used-assertion rows, a durable commit."""

import os
import re
import shutil
import threading
import time
from pathlib import Path

import psycopg

from tests.benchmarks.databases import PostgresDatabase
from tests.benchmarks.limits import Limit
from tests.benchmarks.places import fresh_folder
from tests.benchmarks.processes import clean_environment, run

TABLES = """
    CREATE TABLE used_assertion (
        digest bytea PRIMARY KEY, app bigint NOT NULL, expires_at timestamptz NOT NULL);
    CREATE TABLE token (
        digest bytea PRIMARY KEY, app bigint NOT NULL, data jsonb NOT NULL, expires_at timestamptz NOT NULL);
    CREATE TABLE audit (
        id uuid PRIMARY KEY DEFAULT gen_random_uuid(), type text NOT NULL, app bigint NOT NULL,
        token bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), data jsonb NOT NULL);
"""

#: Random digests are made by the server, so the statement needs no parameter and any client can send it.
MINT = """
    WITH used AS (
        INSERT INTO used_assertion
        VALUES (sha256(gen_random_uuid()::text::bytea), 1, now() + interval '1 hour')
        ON CONFLICT DO NOTHING RETURNING app),
    token AS (
        INSERT INTO token
        SELECT sha256(gen_random_uuid()::text::bytea), app, '{"ttl": 3600}', now() + interval '1 hour'
        FROM used RETURNING digest, app)
    INSERT INTO audit (type, app, token, data)
    SELECT 'ACCESS_TOKEN_MINTED', app, digest, '{"scope": "read_builds", "ttl": 3600}' FROM token;
"""


def find_pgbench() -> str | None:
    """Return where pgbench is: on the path, or where Debian's server package has it."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    return shutil.which("pgbench") or (str(packaged[-1]) if packaged else None)


def with_pgbench(pgbench: str, url: str, clients: int, seconds: int) -> float:
    """Return commits per second of ``clients`` connections, the statement prepared."""
    script = fresh_folder("limits") / "mint.sql"
    script.write_text(" ".join(MINT.split()) + "\n")
    threads = str(min(clients, os.cpu_count() or 1))
    options: list[str | Path] = [
        "-n",
        "-M",
        "prepared",
        "-f",
        script,
        "-T",
        str(seconds),
        "-c",
        str(clients),
        "-j",
        threads,
    ]
    said = run([pgbench, *options, url], cwd=script.parent, env=clean_environment({}))
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    return float(found[1]) if found else 0.0


def with_threads(url: str, clients: int, seconds: int) -> float:
    """Do the same with psycopg threads; the interpreter lock makes it a lower bound."""
    done = [0] * clients
    end = time.perf_counter() + seconds

    def work(number: int) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while time.perf_counter() < end:
                connection.execute(MINT, prepare=True)
                done[number] += 1

    threads = [threading.Thread(target=work, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / seconds


def postgres_limits(seconds: int) -> list[Limit]:
    """Measure 1, 8 and 32 clients, ``seconds`` each."""
    database, pgbench = PostgresDatabase("limits"), find_pgbench()
    how = "pgbench, prepared" if pgbench else "psycopg threads"
    try:
        with psycopg.connect(database.url) as connection:
            connection.execute(TABLES)
        return [
            Limit(
                f"PostgreSQL, the one statement of a mint, durable ({how}), c={clients}",
                with_pgbench(pgbench, database.url, clients, seconds)
                if pgbench
                else with_threads(database.url, clients, seconds),
            )
            for clients in (1, 8, 32)
        ]
    finally:
        database.drop()

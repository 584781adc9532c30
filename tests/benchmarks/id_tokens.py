"""ID tokens per second, beside what the signature alone allows on the same machine in the same minute.

    python -m tests.benchmarks.id_tokens [--database sqlite|postgres] [--seconds 4]

Goal: at least 60 % of the bare signing rate of one core, times cores.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.benchmarks.cpu import cpu_by_process, process_tree, spent_between
from tests.benchmarks.databases import PostgresDatabase, SqliteDatabase
from tests.benchmarks.limits import operations_per_second
from tests.benchmarks.loadgen import drive
from tests.benchmarks.places import ISSUER, REPOSITORY, fresh_folder
from tests.benchmarks.processes import Server, clean_environment, run
from tests.ports import free_port

CONNECTIONS = (1, 8, 32)
COUNT = "SELECT count(*) FROM audit_auditevent WHERE type = 'ID_TOKEN_ISSUED'"
START_A_JOB = """
from django.utils import timezone
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.models import Organization
from oidc_issuer.models import JOB_TOKEN_LIFETIME, JOB_TOKEN_PREFIX, Job, Pipeline
acme = Organization.objects.create(slug="acme", name="Acme Inc")
shop = Pipeline.objects.create(organization=acme, slug="shop", name="Shop")
token, now = OpaqueToken.generate(JOB_TOKEN_PREFIX), timezone.now()
job = Job.objects.create(
    organization=acme, pipeline=shop, token_digest=token.digest(), build_id=shop.pk, build_number=1,
    build_branch="main", build_commit="5d1c0b", build_source="api", step_key="deploy", agent_id=shop.pk,
    started_at=now, expires_at=now + JOB_TOKEN_LIFETIME,
)
print("JOB", job.pk, token.secret)
"""


def bare_rate(algorithm: str, seconds: float) -> float:
    """Signatures per second on one core, the key already parsed."""
    message = b"x" * 700
    if algorithm == "RS256":
        rsa_key, pkcs1 = rsa.generate_private_key(public_exponent=65537, key_size=2048), padding.PKCS1v15()
        return operations_per_second(lambda: rsa_key.sign(message, pkcs1, hashes.SHA256()), seconds)
    ec_key, ecdsa = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(hashes.SHA256())
    return operations_per_second(lambda: ec_key.sign(message, ecdsa), seconds)


def requests_of(job: str, token: str) -> Iterator[bytes]:
    """The agent's request, again and again."""
    body = b'{"audience":"sts.amazonaws.com","claims":["pipeline_id"]}\n'
    head = (
        f"POST /v3/jobs/{job}/oidc/tokens HTTP/1.1\r\nHost: {ISSUER.partition('://')[2]}\r\n"
        f"Authorization: Token {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return repeat(head.encode() + body)


def cpu_of(server: Server, database: SqliteDatabase | PostgresDatabase) -> dict[int, float]:
    """Seconds that the server's processes and the database's have worked so far."""
    return cpu_by_process(process_tree(server.pid) | database.backend_pids())


def measure(algorithm: str, database: SqliteDatabase | PostgresDatabase, folder: Path, seconds: float) -> None:
    """Start the product, let one job ask, print a row for each number of connections."""
    given = {
        "DATABASE_URL": database.url,
        "PUBLIC_URL": ISSUER,
        "SECRET_KEY": secrets.token_urlsafe(50),
        "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ID_TOKEN_ALGORITHM": algorithm,
    }
    env, manage = clean_environment(given), REPOSITORY / "manage.py"
    run([sys.executable, manage, "migrate", "--verbosity", "0"], cwd=REPOSITORY, env=env)
    told = run([sys.executable, manage, "shell", "--no-imports", "-c", START_A_JOB], cwd=REPOSITORY, env=env)
    job, token = next(line for line in told.splitlines() if line.startswith("JOB ")).split()[1:]
    port = free_port()
    options = ["--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--threads", "8"]
    server = Server([sys.executable, manage, "serve", *options], cwd=REPOSITORY, env=env, log=folder / "server.log")
    try:
        server.wait_until_ready(port, "/readyz")
        drive(("127.0.0.1", port), requests_of(job, token), connections=8, seconds=1.5)
        for connections in CONNECTIONS:
            bare = bare_rate(algorithm, 1)
            before, spent = database.scalar(COUNT), cpu_of(server, database)
            load = drive(("127.0.0.1", port), requests_of(job, token), connections=connections, seconds=seconds)
            cpu = 1000 * spent_between(spent, cpu_of(server, database)) / max(1, load.requests)
            events = database.scalar(COUNT) - before
            wrong = f" {load.errors} failed" if load.errors else ""
            wrong += f" {events} events for {load.requests} tokens" if events != load.requests else ""
            share = load.rate / (bare * (os.cpu_count() or 1))
            name = type(database).__name__.removesuffix("Database")
            print(
                f"| {name} | {algorithm} | {connections} | {load.rate:,.0f} "
                f"| {load.percentile(0.5):.1f} | {load.percentile(0.99):.1f} | {cpu:.2f} "
                f"| {bare:,.0f} | {share:.0%} |{wrong}",
                flush=True,
            )
    finally:
        server.stop()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.id_tokens", description=__doc__)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=4)
    arguments = parser.parse_args()
    columns = ("database", "algorithm", "connections", "tokens/s", "p50 ms", "p99 ms", "CPU ms a token")
    columns += ("bare signatures/s, one core", "share")
    print(f"| {' | '.join(columns)} |\n{'|---' * len(columns)}|")
    for algorithm in ("RS256", "ES256"):
        folder = fresh_folder(f"id-tokens-{arguments.database}")
        is_sqlite = arguments.database == "sqlite"
        database = SqliteDatabase(folder / "bench.sqlite3") if is_sqlite else PostgresDatabase("idtokens")
        try:
            measure(algorithm, database, folder, arguments.seconds)
        finally:
            database.drop()


if __name__ == "__main__":
    main()

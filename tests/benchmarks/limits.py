"""What this machine could do at most: each costly step of a mint alone, measured in the same run."""

import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat

import jwt
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.benchmarks.assertions import AssertionPool
from tests.benchmarks.loadgen import drive
from tests.benchmarks.places import ISSUER, REPOSITORY, fresh_folder
from tests.benchmarks.processes import Server, clean_environment
from tests.ports import free_port


@dataclass(frozen=True)
class Limit:
    """One step alone, in operations per second."""

    name: str
    per_second: float


def operations_per_second(operation: Callable[[], object], seconds: float) -> float:
    """Repeat ``operation`` for ``seconds`` on one core."""
    number, begin = 0, time.perf_counter()
    while (passed := time.perf_counter() - begin) < seconds:
        for _ in range(20):
            operation()
        number += 20
    return number / passed


def bare_verification(pool: AssertionPool, algorithm: str) -> Callable[[], object]:
    """Return one signature verification by ``cryptography``, the key already parsed."""
    private, message = pool.keys[algorithm].private, b"x" * 300
    if isinstance(private, rsa.RSAPrivateKey):
        rsa_key, pkcs1 = private.public_key(), padding.PKCS1v15()
        signature = private.sign(message, pkcs1, hashes.SHA256())
        return lambda: rsa_key.verify(signature, message, pkcs1, hashes.SHA256())
    ec_key, ecdsa = private.public_key(), ec.ECDSA(hashes.SHA256())
    signature = private.sign(message, ecdsa)
    return lambda: ec_key.verify(signature, message, ecdsa)


def signature_limits(pool: AssertionPool, seconds: float) -> list[Limit]:
    """Measure verification alone and PyJWT's whole ``decode``, one core each."""
    limits = []
    for algorithm in ("RS256", "ES256"):
        verify = bare_verification(pool, algorithm)
        limits.append(Limit(f"{algorithm} verification alone, one core", operations_per_second(verify, seconds)))
    for algorithm in ("RS256", "ES256"):
        pool.ensure(algorithm, 1)
        assertion, key = next(pool.read(algorithm, 0)), pool.keys[algorithm].private.public_key()

        def decode(assertion: str = assertion, key: object = key, algorithm: str = algorithm) -> object:
            return jwt.decode(assertion, key, algorithms=[algorithm], audience=ISSUER)  # type: ignore[arg-type]

        rate = operations_per_second(decode, seconds)
        limits.append(Limit(f"PyJWT decode {algorithm}, key parsed, one core", rate))
    return limits


def sqlite_limit(seconds: float) -> Limit:
    """Insert a token row and an audit row a commit, flushed to disk (WAL, synchronous=FULL), one writer."""
    file = fresh_folder("limits") / "limit.sqlite3"
    connection = sqlite3.connect(file, isolation_level=None)
    connection.executescript(
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        CREATE TABLE token (digest BLOB PRIMARY KEY, app INTEGER, data TEXT) WITHOUT ROWID;
        CREATE TABLE audit (id INTEGER PRIMARY KEY, type TEXT, app INTEGER, data TEXT);
        """
    )
    data = "x" * 400

    def mint() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO token VALUES (randomblob(32), 1, ?)", [data])
        connection.execute("INSERT INTO audit (type, app, data) VALUES ('ACCESS_TOKEN_MINTED', 1, ?)", [data])
        connection.execute("COMMIT")

    try:
        return Limit("SQLite, token + audit a durable commit, one writer", operations_per_second(mint, seconds))
    finally:
        connection.close()


def http_limit(seconds: float) -> Limit:
    """Drive an endpoint that does nothing, on the product's HTTP server with one worker and 8 connections.

    It also shows what the load generator can drive at least.
    """
    port = free_port()
    options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-access-log"]
    command = [sys.executable, "-m", "granian", *options, "tests.benchmarks.nothing:application"]
    log = fresh_folder("limits") / "http.log"
    server = Server(command, cwd=REPOSITORY, env=clean_environment({}), log=log)
    try:
        server.wait_until_ready(port, "/")
        body = b"x" * 900
        request = b"POST / HTTP/1.1\r\nHost: nothing\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        load = drive(("127.0.0.1", port), repeat(request), connections=8, seconds=seconds, warm_up=0.5)
        return Limit("HTTP server with an endpoint that does nothing, one worker, c=8", load.rate)
    finally:
        server.stop()

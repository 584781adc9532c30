"""Databases of the benchmarks' own: a PostgreSQL database or SQLite file for each system."""

import sqlite3
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.benchmarks.places import POSTGRES_URL

PREFIX = "counterfoil_bench"


class Database(Protocol):
    """What a measurement needs to know of a database."""

    url: str

    def scalar(self, query: str) -> int:
        """Run a query that answers with one number."""

    def backend_pids(self) -> set[int]:
        """Return the ids of the database's own processes that serve this database."""

    def drop(self) -> None:
        """Remove it; nothing of it is needed afterwards."""


class SqliteDatabase:
    """A file; its work is done inside the server's own processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def scalar(self, query: str) -> int:
        """Read through a connection of our own."""
        connection = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10)
        try:
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()

    def backend_pids(self) -> set[int]:
        """Return nothing: there is no server."""
        return set()

    def drop(self) -> None:
        """Delete the file and its companions."""
        for path in self.path.parent.glob(self.path.name + "*"):
            path.unlink()


class PostgresDatabase:
    """A fresh database named ``counterfoil_bench`` or ``counterfoil_bench_<suffix>``."""

    def __init__(self, suffix: str = "") -> None:
        self.name = f"{PREFIX}_{suffix}" if suffix else PREFIX
        self.url = f"{POSTGRES_URL}/{self.name}"
        self._admin = psycopg.connect(f"{POSTGRES_URL}/postgres", autocommit=True)
        # Without FORCE: where another run is using the database, this one stops instead of breaking it.
        self._run("DROP DATABASE IF EXISTS {}")
        self._run("CREATE DATABASE {}")

    def _run(self, statement: str) -> None:
        self._admin.execute(sql.SQL(statement).format(sql.Identifier(self.name)))

    def scalar(self, query: str) -> int:
        """Read through a connection of our own."""
        with psycopg.connect(self.url) as connection:
            row = connection.execute(query).fetchone()
            return int(row[0]) if row else 0

    def backend_pids(self) -> set[int]:
        """Return the backends that are connected to this database."""
        rows = self._admin.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [self.name])
        return {pid for (pid,) in rows}

    def parts(self) -> dict[str, str | int]:
        """Return the address in pieces, for settings that want it so."""
        url = urlsplit(self.url)
        return {
            "name": self.name,
            "user": url.username or "",
            "password": url.password or "",
            "host": url.hostname or "",
            "port": url.port or 5432,
        }

    def drop(self) -> None:
        """Drop it, once its last connection has ended."""
        for _ in range(50):
            if not self.backend_pids():
                break
            time.sleep(0.1)
        self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._admin.close()

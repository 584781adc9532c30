"""Whose turn it is to write, on SQLite; and writes that need not reach the disk before they are answered.

Writers of several processes and threads queue at a file lock. SQLite's own busy wait sleeps and retries, which is
neither fair nor quick: at 8 connections it made the slowest mints six times slower (docs/benchmarks.md).
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import connection, transaction

_threads = threading.Lock()  # a file lock is the process's: between its threads it excludes nobody


@contextmanager
def writers_turn() -> Iterator[None]:
    """Hold the writers' lock: a file beside the database. To be taken before the transaction begins, and briefly.

    PostgreSQL needs none; an in-memory database has one process.
    """
    if not _is_sqlite_file() or connection.in_atomic_block:
        yield
        return
    with _threads:
        handle = _lock_file(f"{connection.settings_dict['NAME']}-writers", os.getpid())
        fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(handle, fcntl.LOCK_UN)


@contextmanager
def unhurried_turn() -> Iterator[None]:
    """A turn to write on SQLite without waiting for the disk: who waits for nothing keeps nobody waiting.

    For what strangers can cause as often as they like. When the machine fails in the same second it may be lost, never
    half of it; the next commit that waits for the disk takes it along.
    """
    with writers_turn():
        sets_pragma = _is_sqlite_file() and not connection.in_atomic_block
        if sets_pragma:
            _execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            if sets_pragma:
                _execute("PRAGMA synchronous=FULL")


@contextmanager
def unhurried_transaction() -> Iterator[None]:
    """A transaction of its own whose commit does not wait for the disk, on either database."""
    with unhurried_turn(), transaction.atomic(durable=True):
        if connection.vendor == "postgresql":
            _execute("SET LOCAL synchronous_commit = off")
        yield


def _execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _is_sqlite_file() -> bool:
    name = str(connection.settings_dict["NAME"])
    return connection.vendor == "sqlite" and ":memory:" not in name and "mode=memory" not in name


@cache
def _lock_file(path: str, process: int) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

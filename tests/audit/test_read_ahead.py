"""Reading ahead: the same pages, from a thread whose connection does not outlive it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction

from audit.models import AuditEvent
from audit.read_ahead import read_ahead


class Log:
    """Some pages, and who read them."""

    def __init__(self) -> None:
        self.readers: list[threading.Thread] = []
        self.connections: list[Any] = []

    def pages(self, count: int) -> Iterator[int]:
        for number in range(count):
            AuditEvent.objects.exists()
            self.readers.append(threading.current_thread())
            self.connections.append(connections["default"])
            yield number


@pytest.fixture
def log(transactional_db: None) -> Log:
    return Log()


def reads_apart() -> bool:
    return connection.vendor == "postgresql"


def test_all_pages_come_in_their_order(log: Log) -> None:
    assert list(read_ahead(log.pages(5))) == [0, 1, 2, 3, 4]
    assert (threading.current_thread() not in log.readers) == reads_apart()


def test_whoever_leaves_early_leaves_no_connection_behind(log: Log) -> None:
    pages = read_ahead(log.pages(5))
    assert next(pages) == 0
    pages.close()  # type: ignore[attr-defined]
    assert len(log.readers) < 5
    if reads_apart():
        assert log.connections[0].connection is None


def test_what_goes_wrong_reaches_who_asked(log: Log) -> None:
    def pages() -> Iterator[int]:
        yield from log.pages(1)
        raise RuntimeError("lost")

    with pytest.raises(RuntimeError, match="lost"):
        list(read_ahead(pages()))


def test_within_a_transaction_its_own_connection_reads(log: Log) -> None:
    with transaction.atomic():
        assert list(read_ahead(log.pages(2))) == [0, 1]
    assert set(log.readers) == {threading.current_thread()}

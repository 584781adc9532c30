"""Reading one page ahead, so that the database works on the next page while this one is written."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

_Page = TypeVar("_Page")


def read_ahead(pages: Iterator[_Page]) -> Iterator[_Page]:
    """The same pages. They are read in a thread that has a connection of its own, for as long as this lasts.

    Not where that gains nothing, as SQLite works inside this very process; and not within a transaction, which another
    connection does not see.
    """
    if connection.vendor == "sqlite" or connection.in_atomic_block:
        yield from pages
        return
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as reader:
        try:
            coming: Future[_Page | None] = reader.submit(next, pages, None)
            while (page := coming.result()) is not None:
                coming = reader.submit(next, pages, None)
                yield page
        finally:
            reader.submit(lambda: connection.close())  # looked up there: it is the reader's

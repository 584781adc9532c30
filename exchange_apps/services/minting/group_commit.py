"""Group commit: while one thread waits for the disk, the others' writes gather, and the next thread takes them along.

No thread waits for company: a lone write goes at once. What it pays is in docs/benchmarks.md.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from django.db import DataError, IntegrityError

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_IN_A_BATCH = 64


class _Entry(Generic[Item, Result]):
    __slots__ = ("error", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: BaseException | None = None

    @property
    def is_settled(self) -> bool:
        return self.result is not None or self.error is not None


class GroupCommit(Generic[Item, Result]):
    """`write` stores a batch in one transaction and answers one result an item, in order."""

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._write = write
        self._waiting: deque[_Entry[Item, Result]] = deque()
        self._leader = threading.Lock()

    def submit(self, item: Item) -> Result:
        """Durable when it returns. Raises what `write` raised for this item."""
        entry: _Entry[Item, Result] = _Entry(item)
        self._waiting.append(entry)
        while not entry.is_settled:
            with self._leader:
                if not entry.is_settled:
                    self._settle([self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_IN_A_BATCH))])
        if entry.error is not None:
            raise entry.error
        assert entry.result is not None  # noqa: S101 - settled without an error
        return entry.result

    def _settle(self, batch: list[_Entry[Item, Result]]) -> None:
        try:
            for entry, result in zip(batch, self._write([entry.item for entry in batch]), strict=True):
                entry.result = result
        except (DataError, IntegrityError) as error:
            if len(batch) == 1:
                batch[0].error = error
            else:  # one bad row must not fail its neighbours
                for entry in batch:
                    self._settle([entry])
        except BaseException as error:
            for entry in batch:
                entry.error = error
            if not isinstance(error, Exception):
                raise

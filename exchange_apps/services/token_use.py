"""When and from where tokens are used: noted in the process, written together up to twenty seconds later.

A use costs its request a dictionary entry. The first note of an empty buffer starts a timer whose thread writes all
that came meanwhile in one statement, so nobody waits for it and an idle process has no thread. Several processes may
write in any order: the earliest use stays the first, the latest the last. What a killed process had noted is lost.
"""

from __future__ import annotations

import atexit
import logging
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, connection, connections

from exchange_apps.domain.ip_ranges import IPAddress
from exchange_apps.models import MintedToken
from exchange_apps.services.writers_turn import unhurried_transaction

WRITE_AFTER = 20.0  # seconds
MOST_WAITING = 10_000
"""Tokens noted at once; uses of further ones go unnoted until these are written."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Use:
    first_at: datetime
    first_ip: str | None
    last_at: datetime
    last_ip: str | None

    def note(self, at: datetime, ip: str | None) -> None:
        if at < self.first_at:
            self.first_at, self.first_ip = at, ip
        if at >= self.last_at:
            self.last_at, self.last_ip = at, ip


class UseBuffer:
    """The uses that wait to be written; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._uses: dict[uuid.UUID, Use] = {}

    def add(self, token_id: uuid.UUID, at: datetime, ip: str | None) -> bool:
        """True for the first use in an empty buffer: somebody has to see to it that it is written."""
        with self._lock:
            use = self._uses.get(token_id)
            if use is not None:
                use.note(at, ip)
            elif len(self._uses) < MOST_WAITING:
                self._uses[token_id] = Use(at, ip, at, ip)
                return len(self._uses) == 1
            return False

    def take(self) -> dict[uuid.UUID, Use]:
        with self._lock:
            taken, self._uses = self._uses, {}
        return taken


_waiting = UseBuffer()
_timer: threading.Timer | None = None


def note_use(token: MintedToken, *, address: IPAddress | None, now: datetime) -> None:
    """The token was used: to be written soon. Neither waits nor fails."""
    if _waiting.add(token.pk, now, str(address) if address else None):
        _write_later()


def write_uses() -> int:
    """Write what waits; answers of how many tokens. What the database does not take is lost, and said in the log."""
    uses = _waiting.take()
    try:
        if uses:
            _write(uses)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("uses of tokens not written", extra={"tokens": len(uses), "error": type(error).__name__})
        return 0
    return len(uses)


# The right-hand sides see the row as it was before
_UPDATE = """
UPDATE exchange_apps_mintedtoken SET
    first_used_ip = CASE WHEN first_used_at IS NULL OR first_used_at > %s THEN %s ELSE first_used_ip END,
    first_used_at = CASE WHEN first_used_at IS NULL OR first_used_at > %s THEN %s ELSE first_used_at END,
    last_used_ip = CASE WHEN last_used_at IS NULL OR last_used_at <= %s THEN %s ELSE last_used_ip END,
    last_used_at = CASE WHEN last_used_at IS NULL OR last_used_at <= %s THEN %s ELSE last_used_at END
WHERE id = %s
"""


def _write(uses: Mapping[uuid.UUID, Use]) -> None:
    # In one order, so that two processes that write the same tokens cannot wait for each other
    rows = [_parameters(token_id, uses[token_id]) for token_id in sorted(uses)]
    with unhurried_transaction(), connection.cursor() as cursor:
        cursor.executemany(_UPDATE, rows)


def _parameters(token_id: uuid.UUID, use: Use) -> list[Any]:
    operations = connection.ops
    first, last = (operations.adapt_datetimefield_value(at) for at in (use.first_at, use.last_at))
    key = MintedToken._meta.pk.get_db_prep_value(token_id, connection)
    return [first, use.first_ip, first, first, last, use.last_ip, last, last, key]


def _write_later() -> None:
    global _timer
    _timer = threading.Timer(WRITE_AFTER, _write_and_leave)
    _timer.daemon = True
    try:
        _timer.start()
    except RuntimeError:  # no thread to be had: the next use tries again
        _waiting.take()


def _write_and_leave() -> None:
    try:
        write_uses()
    finally:
        connections.close_all()  # this thread's own


def forget_uses() -> None:
    """For tests: a new process has nothing that waits."""
    _waiting.take()
    if _timer is not None:
        _timer.cancel()


@atexit.register
def _write_before_the_end() -> None:
    write_uses()

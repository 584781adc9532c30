"""Limits per minute, exact across processes (CONTRACT 9): in Redis where there is one, else in database rows.

A window begins with the first use and lasts a minute.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection

from exchange_apps.models.counters import RateWindow

WINDOW_MS = 60_000

# One statement on both databases: opens a window, goes on in the open one, or replaces one that is over.
SPEND_SQL = """
INSERT INTO exchange_apps_ratewindow AS w (key, started_ms, used) VALUES (%s, %s, %s)
ON CONFLICT (key) DO UPDATE SET
    used = CASE WHEN w.started_ms <= excluded.started_ms - 60000 THEN excluded.used ELSE w.used + excluded.used END,
    started_ms = CASE WHEN w.started_ms <= excluded.started_ms - 60000 THEN excluded.started_ms ELSE w.started_ms END
RETURNING used, started_ms
"""

# The first use opens the window, in the same step: a counter without an end would lock its owner out for ever.
_REDIS_SPEND = """
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], 60000) end
return {used, redis.call('PTTL', KEYS[1])}
"""
_REDIS_SECONDS = 1

_creating = threading.Lock()


class RedisGone(Exception):
    """The counters in Redis did not answer; `str()` names the library's error."""


@dataclass(frozen=True, slots=True)
class Window:
    """The state of one limit after a use. `limit` 0 means no limit; `reset` is in seconds from now."""

    limit: int
    used: int
    reset: int

    @property
    def is_exceeded(self) -> bool:
        return 0 < self.limit < self.used

    @property
    def is_full(self) -> bool:
        return 0 < self.limit <= self.used

    def after_another(self) -> Window:
        return replace(self, used=self.used + 1)

    def headers(self, scope: str) -> dict[str, str]:
        """The `RateLimit-*` headers; none where there is no limit."""
        if not self.limit:
            return {}
        return {
            "RateLimit-Scope": scope,
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset),
        }


def window_at(limit: int, used: int, started_ms: int, now_ms: int) -> Window:
    return Window(limit, used, max(1, math.ceil((started_ms + WINDOW_MS - now_ms) / 1000)))


def uses_redis() -> bool:
    return bool(settings.REDIS_URL)


def spend(key: str, limit: int, *, now_ms: int) -> Window:
    """Use the window of `key` once. Raises RedisGone or django.db.DatabaseError when the counter is gone."""
    if not limit:
        return Window(0, 0, 0)
    if uses_redis():
        with _redis_may_be_gone():
            used, remaining_ms = _script()(keys=[_redis_key(key)])
        return Window(limit, used, max(1, math.ceil(remaining_ms / 1000)))
    with connection.cursor() as cursor:
        cursor.execute(SPEND_SQL, [key, now_ms, 1])
        used, started_ms = cursor.fetchone()
    return window_at(limit, used, started_ms, now_ms)


def look(key: str, limit: int, *, now_ms: int) -> Window:
    """The window of `key`, without using it. Raises as `spend` does."""
    if not limit:
        return Window(0, 0, 0)
    if not uses_redis():
        is_open = RateWindow.objects.filter(pk=key, started_ms__gt=now_ms - WINDOW_MS)
        found = is_open.values_list("used", "started_ms").first()
        return window_at(limit, *(found or (0, now_ms)), now_ms)
    with _redis_may_be_gone():
        pipeline = _client().pipeline(transaction=False)
        used, remaining_ms = pipeline.get(_redis_key(key)).pttl(_redis_key(key)).execute()
    return Window(limit, int(used or 0), max(1, math.ceil(remaining_ms / 1000)))


def forget_connection() -> None:
    """For tests: a new process opens its own."""
    _created_client.cache_clear()
    _created_script.cache_clear()


def _redis_key(key: str) -> str:
    return f"{settings.REDIS_PREFIX}:{key}"


# Importing redis takes as long as the rest of a small command: where no limit is counted in one, it is not imported


@contextmanager
def _redis_may_be_gone() -> Iterator[None]:
    from redis import RedisError

    try:
        yield
    except RedisError as error:
        raise RedisGone(type(error).__name__) from error


def _client() -> Any:
    with _creating:  # a second client made at the same moment would close its connections under a request when it goes
        return _created_client()


def _script() -> Any:
    with _creating:
        return _created_script()


@cache
def _created_client() -> Any:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Without the library's retries: an exchange is sooner allowed unchecked than kept waiting (CONTRACT 4.5)
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=_REDIS_SECONDS,
        socket_connect_timeout=_REDIS_SECONDS,
        retry=Retry(NoBackoff(), 1),
    )


@cache
def _created_script() -> Any:
    return _created_client().register_script(_REDIS_SPEND)

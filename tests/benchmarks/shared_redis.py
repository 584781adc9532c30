"""The Redis database of the benchmarks: emptied before and after; its server's process, for CPU figures."""

from functools import cache

import redis

from tests.benchmarks.places import REDIS_URL


def empty_redis() -> None:
    """Remove every key of the benchmarks' own database, and of no other."""
    with redis.Redis.from_url(REDIS_URL) as client:
        client.flushdb()


@cache
def redis_pid() -> int:
    """Return the process id of the Redis server; it may serve others too, so its share is an upper bound."""
    with redis.Redis.from_url(REDIS_URL) as client:
        return int(client.info("server")["process_id"])

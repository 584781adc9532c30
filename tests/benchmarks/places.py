"""Where the benchmarks find things: folders, PostgreSQL, Redis, free ports; all on the loopback address."""

import os
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]
WORK = REPOSITORY / "var" / "bench"

#: A server on which databases named ``counterfoil_bench*`` may be created and dropped.
POSTGRES_URL = os.environ.get("BENCH_POSTGRES_URL", "postgres://postgres@127.0.0.1:5432")
#: A Redis database of the benchmarks' own: it is emptied before and after a run.
REDIS_URL = os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:6379/9")

#: What every system calls itself, so that one prepared assertion (its ``aud``) fits all. It is a name, not an
#: address: each system listens on a free port of its own, as it would behind a proxy.
ISSUER = "http://127.0.0.1:8700"


def is_listening(url: str, timeout: float = 1.0) -> bool:
    """Tell whether something accepts TCP connections at ``url`` within ``timeout`` seconds."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 0), timeout).close()
    except OSError:
        return False
    return True


def fresh_folder(name: str) -> Path:
    """Return ``var/bench/<name>``, emptied."""
    folder = WORK / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder

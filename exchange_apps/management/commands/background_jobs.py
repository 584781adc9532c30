"""`manage.py background_jobs`: Celery's worker and beat in one process, for the embedded broker.

`serve` and `run` start it; with Redis or RabbitMQ, run `celery -A config worker` and `celery -A config beat` instead.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from celery import current_app
from celery.beat import EmbeddedService
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

_THREADS = 2
_LAST_SECONDS = 1.0


class Command(BaseCommand):
    help = "Run the background jobs until standard input ends. `serve` does this by itself on the embedded broker."
    requires_system_checks = ()  # `serve` has just run them; they load every page of the portal, and jobs have none

    def handle(self, **options: Any) -> None:
        if settings.QUEUE_DIR is None:
            raise CommandError("CELERY_BROKER_URL or REDIS_URL names a broker: run celery -A config worker -B instead.")
        lock = _only_one(settings.QUEUE_DIR.parent / "background-jobs.lock")
        if lock is None:
            self.stderr.write("The background jobs of this installation run in another process already.")
            return
        if not sys.stdin.isatty():
            threading.Thread(target=_end_with_standard_input, daemon=True).start()
        # Celery warns of running as root because messages could be pickled; ours are JSON
        warnings.filterwarnings("ignore", "You're running the worker with superuser privileges")
        beat: Any = EmbeddedService(current_app, thread=True, schedule_filename=settings.CELERY_BEAT_SCHEDULE_FILENAME)
        beat.start()
        worker = current_app.Worker(
            pool="threads",
            concurrency=_THREADS,
            loglevel="WARNING",
            quiet=True,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        worker.start()
        beat.stop()
        if worker.exitcode:
            raise SystemExit(worker.exitcode)


def _only_one(path: Path) -> int | None:
    """An open file with the lock, held for as long as this process lives; None when another holds it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def _end_with_standard_input() -> None:
    while sys.stdin.buffer.read(4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)  # Celery then waits for the jobs under way
    threading.Event().wait(_LAST_SECONDS)
    os._exit(0)  # which may be waiting for a host; each is safe to be cut short

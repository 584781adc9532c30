"""The background jobs beside the embedded server: one child process, which ends when its parent does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings

_END_WITHIN_SECONDS = 1.5  # after the web workers' three: Ctrl-C ends all of it within five


@contextmanager
def background_jobs() -> Iterator[None]:
    """Run `manage.py background_jobs` beside the block; nothing where a broker of its own has workers of its own.

    The child listens to its standard input: when that ends, by our doing or with our death, so does the child.
    """
    if not settings.CELERY_BROKER_EMBEDDED:
        yield
        return
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "background_jobs"]
    # A session of its own, so that Ctrl-C reaches only us, and we end things in order
    child = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    try:
        yield
    finally:
        assert child.stdin is not None  # noqa: S101 - a pipe, see above
        with suppress(OSError):
            child.stdin.close()
        try:
            child.wait(_END_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:  # whatever it was doing is safe to be cut short, and done again later
            child.kill()
            child.wait()

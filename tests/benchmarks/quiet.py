"""Waiting for the machine to be quiet, within a budget: other people's work would be measured as ours."""

import time

from tests.benchmarks.cpu import machine_busy

#: Cores kept busy by strangers above which a figure is not to be trusted.
NOISE = 0.25
#: Seconds one look takes.
LOOK = 0.3


class Patience:
    """Seconds that a run may wait in all; then it goes on, and the report marks what was disturbed."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def wait(self) -> None:
        """Return when all cores are nearly idle, or when patience is spent; no load may be running."""
        while self.left > 0:
            begin, busy = time.monotonic(), machine_busy()
            time.sleep(LOOK)
            passed = time.monotonic() - begin
            if (machine_busy() - busy) / passed < NOISE:
                return
            self.left -= passed

"""One time limit over a whole exchange, held even against a host that sends a byte now and then."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from time import monotonic
from typing import Final

from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed

# The cut comes a moment late, so that whoever it interrupts finds the deadline passed and names it as the
# cause.
_CUT_DELAY: Final = 0.002


class Deadline:
    """A point in time, ``seconds`` from now on the monotonic clock.

    A timeout on a socket limits one wait, and every byte received starts it anew; a look at the clock between
    our reads would miss the many reads inside the libraries. So the limit is enforced from outside: a timer
    shuts the connection down, which ends any read or write on it at once, whatever layer is waiting.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._start = monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return monotonic() - self._start

    @property
    def passed(self) -> bool:
        return self.elapsed >= self._seconds

    def remaining(self, doing: str) -> float:
        """Seconds left, more than zero; raises ``FetchFailed`` (``timed_out``) when there are none.

        ``doing`` completes the sentence "stopped after 5 seconds while ...".
        """
        left = self._seconds - self.elapsed
        if left <= 0:
            raise self.timed_out(doing)
        return left

    def timed_out(self, doing: str) -> FetchFailed:
        """The error to raise when the time ran out while ``doing``."""
        return FetchFailed(
            FetchErrorCode.TIMEOUT, f"The fetch was stopped after {self._seconds:g} seconds while {doing}."
        )

    @contextmanager
    def cutting(self, connection: socket.socket, doing: str) -> Iterator[None]:
        """Shut ``connection`` down when the time is up, or when the block ends, whichever comes first."""
        # A handle of our own: TLS takes the descriptor over from the socket object it wraps.
        with connection.dup() as handle:
            cut = Timer(self.remaining(doing) + _CUT_DELAY, _shut_down, [handle])
            cut.daemon = True
            cut.start()
            try:
                yield
            finally:
                cut.cancel()
                cut.join()  # before the descriptor is closed, whose number may soon be another connection's
                _shut_down(handle)


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # the host was first
        connection.shutdown(socket.SHUT_RDWR)

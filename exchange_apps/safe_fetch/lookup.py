"""From a host to the addresses that may be contacted: looked up once, judged, never looked up again."""

import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from queue import Empty, SimpleQueue
from threading import Thread

from exchange_apps.domain.network_addresses import IPAddress, IPNetwork, refusal_reason
from exchange_apps.safe_fetch.deadline import Deadline
from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed, FetchRefused
from exchange_apps.safe_fetch.target import Target

Resolve = Callable[[str], Sequence[str]]
"""From a host name to its addresses as text; raises ``OSError`` when there are none."""

_LOOKING_UP = "looking up the host name"


def system_addresses(host: str) -> Sequence[str]:
    """All addresses the operating system knows for ``host``, in its order of preference (RFC 6724)."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


def checked_addresses(
    target: Target, allowed: Sequence[IPNetwork], resolve: Resolve, deadline: Deadline
) -> Sequence[IPAddress]:
    """The addresses of ``target``, each judged, at least one.

    One bad address refuses them all: a name that mixes public and internal addresses is an attack or a
    mistake, and choosing the good one would leave the outcome to the order of an answer. Raises
    ``FetchRefused``, or ``FetchFailed`` when the name cannot be resolved in time.
    """
    found = [target.literal] if target.literal else _look_up(target.host, resolve, deadline)
    for address in found:
        if reason := refusal_reason(address, allowed):
            raise FetchRefused(FetchErrorCode.ADDRESS, f"The host {target.host} must not be contacted. {reason}")
    if target.scheme == "http" and not all(address.is_loopback for address in found):
        raise FetchRefused(
            FetchErrorCode.NOT_HTTPS,
            "Only https:// addresses are fetched; http:// is for loopback networks the operator has allowed.",
        )
    return found


def _look_up(host: str, resolve: Resolve, deadline: Deadline) -> list[IPAddress]:
    # getaddrinfo cannot be interrupted. It runs in a thread that is left behind when time is up and ends when
    # the system's own limit (resolv.conf) does; a daemon, so that it does not hold up the end of the process.
    answers: SimpleQueue[list[IPAddress] | None] = SimpleQueue()

    def work() -> None:
        try:
            answers.put(list(dict.fromkeys(ip_address(text) for text in resolve(host))))
        except (OSError, ValueError):
            answers.put(None)

    Thread(target=work, name="safe-fetch-lookup", daemon=True).start()
    try:
        found = answers.get(timeout=deadline.remaining(_LOOKING_UP))
    except Empty:
        raise deadline.timed_out(_LOOKING_UP) from None
    if not found:
        raise FetchFailed(FetchErrorCode.NAME, f"The host name {host} could not be resolved to an address.")
    return found

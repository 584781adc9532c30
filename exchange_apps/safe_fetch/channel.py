"""A connection to one of the checked addresses, with TLS verified for the host name of the URL."""

import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from exchange_apps.domain.network_addresses import IPAddress
from exchange_apps.safe_fetch.deadline import Deadline
from exchange_apps.safe_fetch.errors import FetchErrorCode, FetchFailed
from exchange_apps.safe_fetch.target import Target

_MAX_ATTEMPTS: Final = 4
_CONNECTING = "connecting to the host"
_SETTING_UP_TLS = "setting up TLS with the host"


@dataclass(frozen=True, slots=True)
class Channel:
    """A connected socket, ready for HTTP, and the address at its other end."""

    socket: socket.socket
    address: IPAddress


@contextmanager
def open_channel(
    target: Target, addresses: Sequence[IPAddress], deadline: Deadline, ca_bundle: str | None
) -> Iterator[Channel]:
    """Connect to one of ``addresses`` and no other; the connection ends with the block or at the deadline.

    Raises ``FetchFailed``; ``OSError`` when ``ca_bundle`` cannot be read, which is not the host's fault.
    """
    tls = _tls_context(ca_bundle) if target.scheme == "https" else None
    connection, address = _connect(addresses, target.port, deadline)
    with connection, deadline.cutting(connection, _CONNECTING):
        if tls is None:
            yield Channel(connection, address)
        else:
            with _handshake(tls, connection, target.host, deadline) as secured:
                yield Channel(secured, address)


def _connect(addresses: Sequence[IPAddress], port: int, deadline: Deadline) -> tuple[socket.socket, IPAddress]:
    candidates = addresses[:_MAX_ATTEMPTS]
    reason = ""
    for tried, address in enumerate(candidates):
        # An equal share of what is left: a dead first address must not cost the second one its turn.
        share = deadline.remaining(_CONNECTING) / (len(candidates) - tried)
        try:
            return _connect_to(address, port, share), address
        except OSError as error:
            reason = (error.strerror or "no answer").lower()
    if deadline.passed:
        raise deadline.timed_out(_CONNECTING)
    raise FetchFailed(FetchErrorCode.CONNECTION, f"The host could not be reached: {reason}.")


def _connect_to(address: IPAddress, port: int, timeout: float) -> socket.socket:
    family = socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect((str(address), port))
    except OSError:
        connection.close()
        raise
    return connection


@lru_cache(maxsize=4)
def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """Verifying context; kept, because reading a bundle takes longer than a fetch from near by."""
    context = ssl.create_default_context(cafile=ca_bundle or DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False  # subject alternative names only (RFC 9525)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _handshake(tls: ssl.SSLContext, connection: socket.socket, host: str, deadline: Deadline) -> ssl.SSLSocket:
    connection.settimeout(deadline.remaining(_SETTING_UP_TLS))
    try:
        return tls.wrap_socket(connection, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        raise FetchFailed(FetchErrorCode.CERTIFICATE, f"The certificate of the host is not trusted: {why}.") from error
    except OSError as error:
        if deadline.passed:
            raise deadline.timed_out(_SETTING_UP_TLS) from error
        raise FetchFailed(FetchErrorCode.TLS, "No TLS connection to the host could be set up.") from error

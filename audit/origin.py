"""From where a request came.

A forwarding header is believed only when the connection itself comes from a trusted proxy, and then from the right:
the last address that no trusted proxy of ours wrote is the client. The header is taken apart here and nowhere else: a
library that also knows quoted strings splits it elsewhere, and then a forged quotation mark chooses the address.
"""

from __future__ import annotations

import ipaddress
import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

current_request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request this thread answers, for log lines."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"
_MOST_AGENT_CHARACTERS = 256
_WITH_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?|(?P<v4>[0-9.]+):[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """`ip` is None when it cannot be known; address lists then refuse."""

    ip: IPAddress | None
    user_agent: str
    request_id: str
    type: str = "WebContext"

    @classmethod
    def of(cls, request: HttpRequest) -> RequestOrigin:
        agent = request.META.get("HTTP_USER_AGENT", "")[:_MOST_AGENT_CHARACTERS]
        if not agent.isprintable():
            agent = "".join(character if character.isprintable() else "?" for character in agent)
        return cls(client_ip(request), agent, getattr(request, "request_id", ""))

    @classmethod
    def command(cls, name: str) -> RequestOrigin:
        return cls(None, name, "", "CommandContext")


def client_ip(request: HttpRequest) -> IPAddress | None:
    peer = parsed_address(request.META.get("REMOTE_ADDR", ""))
    if peer is None or not _is_trusted(peer) or not request.META.get(FORWARDED_FOR, "").strip():
        return peer
    return _client_in(request.META[FORWARDED_FOR])


def _client_in(header: str) -> IPAddress | None:
    """The last entry that no proxy of ours wrote, or the first of all; None where that one is no address."""
    address = None
    for entry in reversed(header.split(",")):
        address = _entry_address(entry.strip())
        if address is None or not _is_trusted(address):
            return address
    return address


def _entry_address(entry: str) -> IPAddress | None:
    """The address in an entry as proxies write it: bare, or with the client's port, an IPv6 one in brackets."""
    with_port = _WITH_PORT.fullmatch(entry)
    return parsed_address(with_port["v6"] or with_port["v4"] if with_port else entry)


@lru_cache(maxsize=8192)
def parsed_address(text: str) -> IPAddress | None:
    """The address in `text`, with an IPv4-mapped one unwrapped; None when there is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        # Without the zone (`%eth0`): it means something on one machine only, and may be any text
        return address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    return address


def _is_trusted(address: IPAddress) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)

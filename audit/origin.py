"""From where a request came. The only module that uses django-ipware.

A forwarding header is believed only when the connection itself comes from a trusted proxy, and then from the right:
the last address that no trusted proxy of ours wrote is the client. The header is split here and nowhere else: ipware
believes anyone by default, and knows quoted strings, so that a forged quotation mark would choose the address. It reads
single entries, with their ports and brackets.
"""

from __future__ import annotations

import ipaddress
import re
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from ipware import get_client_ip

current_request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request this thread answers, for log lines."""

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"
_MOST_AGENT_CHARACTERS = 256
_ENTRY = re.compile(r"[0-9A-Fa-f:.\[\]]{2,60}")


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


def forwarded_scheme(request: HttpRequest) -> str | None:
    """The scheme the client used, where a trusted proxy says so with `X-Forwarded-Proto`."""
    scheme: str = request.META.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
    peer = parsed_address(request.META.get("REMOTE_ADDR", ""))
    return scheme if scheme in ("http", "https") and peer is not None and _is_trusted(peer) else None


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
    entry = entry.partition("%")[0]
    if not _ENTRY.fullmatch(entry):
        return None
    alone = HttpRequest()
    alone.META[FORWARDED_FOR] = entry
    found, _ = get_client_ip(alone, proxy_count=0, request_header_order=[FORWARDED_FOR], strict=True)
    return parsed_address(found or "")


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

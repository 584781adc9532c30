"""From where a request came. The only module that uses django-ipware.

A forwarding header is believed only when the connection itself comes from a trusted proxy, and then from the right:
the last address that no trusted proxy of ours wrote is the client. django-ipware's own defaults believe anyone.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from ipware import get_client_ip

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
FORWARDED_FOR = "HTTP_X_FORWARDED_FOR"
_MOST_AGENT_CHARACTERS = 256


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
    hops = _trusted_hops(request.META[FORWARDED_FOR])
    if hops is None:
        return None
    found, _ = get_client_ip(request, proxy_count=hops, request_header_order=[FORWARDED_FOR], strict=False)
    return parsed_address(found or "")


def _trusted_hops(header: str) -> int | None:
    """How many entries at the right end our proxies wrote; None when the first other one is no address."""
    entries = [entry.strip() for entry in header.split(",")]
    for hops, entry in enumerate(reversed(entries)):
        address = parsed_address(entry)
        if address is None:
            return None
        if not _is_trusted(address) or hops == len(entries) - 1:
            return hops
    return None


@lru_cache(maxsize=8192)
def parsed_address(text: str) -> IPAddress | None:
    """The address in `text`, with an IPv4-mapped one unwrapped; None when there is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_trusted(address: IPAddress) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)

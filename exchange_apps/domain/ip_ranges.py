"""An allow-list of addresses and ranges."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
MOST_RANGES = 100


@dataclass(frozen=True, slots=True)
class IPAllowlist:
    """Which addresses may do something. `ANYWHERE` is no restriction; an allow-list of nothing cannot be made."""

    networks: tuple[IPNetwork, ...] | None

    @classmethod
    def parse(cls, entries: Sequence[str]) -> IPAllowlist:
        """Read one range per entry; an empty list is `ANYWHERE`. Raises ValueError naming each bad line."""
        if len(entries) > MOST_RANGES:
            raise ValueError(f"At most {MOST_RANGES} ranges; there are {len(entries)}.")
        problems, networks = [], []
        for number, entry in enumerate(entries, start=1):
            try:
                networks.append(_network(entry))
            except ValueError as error:
                problems.append(f"Line {number}: {error}")
        if problems:
            raise ValueError(" ".join(problems))
        return cls(tuple(networks)) if networks else ANYWHERE

    def allows(self, address: IPAddress | None) -> bool:
        """An unknown address passes only where there is no restriction."""
        if self.networks is None:
            return True
        if address is None:
            return False
        address = unwrapped(address)
        return any(address in network for network in self.networks)

    @property
    def is_restricted(self) -> bool:
        return self.networks is not None

    def render(self) -> list[str]:
        return [str(network) for network in self.networks or ()]


ANYWHERE = IPAllowlist(None)


@lru_cache(maxsize=4096)
def allowlist_of(entries: tuple[str, ...]) -> IPAllowlist:
    """The parsed list of stored entries; immutable, so one per process is enough."""
    return IPAllowlist.parse(entries)


def unwrapped(address: IPAddress) -> IPAddress:
    """An IPv4-mapped IPv6 address is its IPv4 address; otherwise it would slip past every IPv4 range."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network(entry: object) -> IPNetwork:
    if not isinstance(entry, str) or not entry.strip():
        raise ValueError("an address or range such as 10.0.0.0/8 is expected.")
    text = entry.strip()
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"{text[:64]!r} is no address or range such as 10.0.0.0/8 or 2001:db8::/32.") from None
        raise ValueError(f"{text[:64]} has host bits set; did you mean {meant}?") from None
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        if network.prefixlen < 96:
            raise ValueError(f"{text[:64]} mixes IPv4-mapped and other IPv6 addresses.")
        return ipaddress.ip_network(f"{network.network_address.ipv4_mapped}/{network.prefixlen - 96}")
    return network


def lets_everyone_in(lines: Sequence[str]) -> bool:
    """Whether a list as typed keeps nobody out: it is empty, or names the whole of IPv4 or of IPv6."""
    entries = [line.strip() for line in lines if line.strip()]
    return not entries or any(_is_everything(entry) for entry in entries)


def _is_everything(entry: str) -> bool:
    try:
        return _network(entry).prefixlen == 0
    except ValueError:
        return False

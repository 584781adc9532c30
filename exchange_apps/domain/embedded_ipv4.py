"""Which IPv4 addresses an IPv6 address carries inside it.

Several transition mechanisms write an IPv4 address into an IPv6 one, so a rule for ``10.0.0.0/8`` that looks
at IPv4 alone can be walked around in IPv6. This module only reads; ``network_addresses`` judges.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_TRANSLATED = IPv6Network("::ffff:0:0:0/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
# An ISATAP interface identifier is 5efe over the IPv4 address; the universal/local bit (0200) may be set.
_ISATAP_MARKS = (0x0000_5EFE, 0x0200_5EFE)
_LOW_32_BITS = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class EmbeddedIPv4:
    """One IPv4 address found in an IPv6 address.

    ``form`` names the mechanism with its RFC, for a sentence. ``is_destination`` is true when a packet to
    the IPv6 address ends at exactly this IPv4 address; false when the IPv6 address is a host of its own that
    merely mentions it (a tunnel endpoint).
    """

    form: str
    address: IPv4Address
    is_destination: bool = False


def embedded_ipv4(address: IPv6Address) -> tuple[EmbeddedIPv4, ...]:
    """Every IPv4 address that ``address`` carries, none for an ordinary one; never raises."""
    bits = int(address)
    last = IPv4Address(bits & _LOW_32_BITS)
    found: list[EmbeddedIPv4] = []
    if address in _MAPPED:
        found.append(EmbeddedIPv4("IPv4-mapped, RFC 4291", last, is_destination=True))
    if address in _NAT64:
        found.append(EmbeddedIPv4("NAT64, RFC 6052", last, is_destination=True))
    if address in _COMPATIBLE and bits > 1:  # :: and ::1 have meanings of their own
        found.append(EmbeddedIPv4("IPv4-compatible, RFC 4291", last))
    if address in _TRANSLATED:
        found.append(EmbeddedIPv4("IPv4-translated, RFC 2765", last))
    if address in _SIX_TO_FOUR:
        found.append(EmbeddedIPv4("6to4, RFC 3056", IPv4Address(bits >> 80 & _LOW_32_BITS)))
    if address in _TEREDO:
        client = IPv4Address(~bits & _LOW_32_BITS)  # written with every bit inverted
        server = IPv4Address(bits >> 64 & _LOW_32_BITS)
        found.extend(EmbeddedIPv4("Teredo, RFC 4380", end) for end in (client, server))
    if bits >> 32 & _LOW_32_BITS in _ISATAP_MARKS:
        found.append(EmbeddedIPv4("ISATAP, RFC 5214", last))
    return tuple(found)

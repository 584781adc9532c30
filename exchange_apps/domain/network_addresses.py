"""Which addresses this server must not contact on behalf of a customer.

The tables are written out rather than taken from ``ipaddress.is_global``: its answer for the same address has
changed between Python releases, and a security rule should change only in a commit of ours. Sources: the IANA
special-purpose address registries (RFC 6890) and the documentation of the cloud providers.
"""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from exchange_apps.domain.embedded_ipv4 import embedded_ipv4

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

# Listed by name although most lie in ranges refused below: the sentence should say what was nearly reached,
# and one of them (Azure's) is an ordinary public address.
_METADATA_SERVICES: Final[Mapping[IPAddress, str]] = {
    ip_address(text): owner
    for text, owner in (
        ("169.254.169.254", "most clouds (AWS, Google Cloud, Azure, OpenStack and others)"),
        ("169.254.170.2", "AWS ECS"),
        ("169.254.170.23", "AWS EKS"),
        ("fd00:ec2::254", "AWS"),
        ("fd00:ec2::23", "AWS EKS"),
        ("fd20:ce::254", "Google Cloud"),
        ("fe80::a9fe:a9fe", "OpenStack"),
        ("168.63.129.16", "Azure"),
        ("100.100.100.200", "Alibaba Cloud"),
        ("192.0.0.192", "Oracle Cloud"),
        ("169.254.0.23", "Tencent Cloud"),
        ("169.254.42.42", "Scaleway"),
        ("fd00:42::42", "Scaleway"),
    )
}

_REFUSED_NETWORKS: Final[Sequence[tuple[IPNetwork, str]]] = tuple(
    (ip_network(text), fault)
    for text, fault in (
        ("0.0.0.0/8", "is unspecified: it means this host itself (RFC 1122)"),
        ("10.0.0.0/8", "is in a private network (RFC 1918)"),
        ("100.64.0.0/10", "is in a carrier's shared network (RFC 6598)"),
        ("127.0.0.0/8", "is loopback: it means this host itself (RFC 1122)"),
        ("169.254.0.0/16", "is link-local (RFC 3927)"),
        ("172.16.0.0/12", "is in a private network (RFC 1918)"),
        ("192.0.0.0/24", "is reserved for protocol assignments (RFC 6890)"),
        ("192.0.2.0/24", "is reserved for documentation (RFC 5737)"),
        ("192.88.99.0/24", "is a 6to4 relay (RFC 7526)"),
        ("192.168.0.0/16", "is in a private network (RFC 1918)"),
        ("198.18.0.0/15", "is reserved for benchmarking (RFC 2544)"),
        ("198.51.100.0/24", "is reserved for documentation (RFC 5737)"),
        ("203.0.113.0/24", "is reserved for documentation (RFC 5737)"),
        ("224.0.0.0/4", "is multicast (RFC 5771)"),
        ("240.0.0.0/4", "is reserved or broadcast (RFC 1112)"),
        ("::/128", "is unspecified: it means this host itself (RFC 4291)"),
        ("::1/128", "is loopback: it means this host itself (RFC 4291)"),
        ("64:ff9b:1::/48", "is a local NAT64 prefix, which leads into a private IPv4 network (RFC 8215)"),
        ("100::/64", "is discarded by routers (RFC 6666)"),
        ("2001::/32", "is a Teredo tunnel (RFC 4380)"),
        ("2001:2::/48", "is reserved for benchmarking (RFC 5180)"),
        ("2001::/23", "is reserved for protocol assignments (RFC 2928)"),
        ("2001:db8::/32", "is reserved for documentation (RFC 3849)"),
        ("2002::/16", "is a 6to4 tunnel (RFC 3056)"),
        ("3fff::/20", "is reserved for documentation (RFC 9637)"),
        ("fc00::/7", "is in a private network (unique local, RFC 4193)"),
        ("fe80::/10", "is link-local (RFC 4291)"),
        ("fec0::/10", "is in a private network (site-local, RFC 3879)"),
        ("ff00::/8", "is multicast (RFC 4291)"),
    )
)

# All public IPv6 lives here. Whatever IANA opens next is refused until someone adds it.
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")


def refusal_reason(address: IPAddress, allowed: Sequence[IPNetwork]) -> str | None:
    """A sentence why ``address`` must not be contacted, or ``None`` when it may be.

    ``None`` means public, or inside one of the ``allowed`` networks. An IPv4-mapped or NAT64 address is
    matched against ``allowed`` also as the IPv4 address where its packets end; a tunnel address (6to4,
    Teredo, ISATAP) only as itself, because the IPv4 address in it is chosen by whoever wrote it and is not
    the destination. The sentence does not repeat the address: for a host name it would tell what an internal
    name resolves to.
    """
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address))  # without its zone, which takes part in equality
    if any(form in network for form in (address, _destination(address)) for network in allowed):
        return None
    fault = _fault(address)
    return None if fault is None else f"The address {fault}."


def _destination(address: IPAddress) -> IPAddress:
    """The address where packets sent to ``address`` end, as far as its form tells."""
    if isinstance(address, IPv6Address):
        for inner in embedded_ipv4(address):
            if inner.is_destination:
                return inner.address
    return address


def _fault(address: IPAddress) -> str | None:
    """What is wrong with ``address``, as the rest of a sentence that begins "The address"."""
    if owner := _METADATA_SERVICES.get(address):
        return f"is the metadata service of {owner}"
    if isinstance(address, IPv6Address):
        carried = embedded_ipv4(address)
        for inner in carried:
            if fault := _fault(inner.address):
                return f"carries an IPv4 address ({inner.form}) that {fault}"
        if any(inner.is_destination for inner in carried):
            return None  # judged above, by the address where its packets end
    for network, fault in _REFUSED_NETWORKS:
        if address in network:
            return fault
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return "is outside the public range of IPv6 (RFC 4291)"
    return None

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exchange_apps.domain.network_addresses import refusal_reason

PUBLIC = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e"]
PRIVATE_NETWORKS = ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"]

private_ipv4 = st.sampled_from(PRIVATE_NETWORKS).flatmap(
    lambda network: st.ip_addresses(v=4, network=IPv4Network(network))
)
any_32_bits = st.integers(0, 2**32 - 1)
any_64_bits = st.integers(0, 2**64 - 1)


def v6(*parts: tuple[int, int]) -> IPv6Address:
    """An IPv6 address from (value, how many bits it is moved left) pairs."""
    return IPv6Address(sum(value << shift for value, shift in parts))


@st.composite
def every_embedding_of_a_private_address(draw: st.DrawFn) -> IPv6Address:
    inner = int(draw(private_ipv4))
    low, high = draw(any_32_bits), draw(any_64_bits)
    public_prefix = 0x2A00_1450_0000_0000 | draw(any_32_bits)
    return draw(
        st.sampled_from(
            [
                v6((0xFFFF, 32), (inner, 0)),  # IPv4-mapped
                v6((inner, 0)),  # IPv4-compatible
                v6((0xFFFF, 48), (inner, 0)),  # IPv4-translated
                v6((0x0064_FF9B, 96), (inner, 0)),  # NAT64, well-known prefix
                v6((0x0064_FF9B_0001, 80), (high >> 16, 32), (inner, 0)),  # NAT64, local, /96
                v6((0x0064_FF9B_0001, 80), (inner >> 16, 64), (inner & 0xFFFF, 40)),  # NAT64, local, /48
                v6((0x2002, 112), (inner, 80), (high, 0)),  # 6to4
                v6((0x2001_0000, 96), (low, 64), (~inner & 0xFFFF_FFFF, 0)),  # Teredo client
                v6((0x2001_0000, 96), (inner, 64), (low, 0)),  # Teredo server
                v6((public_prefix, 64), (0x0000_5EFE, 32), (inner, 0)),  # ISATAP
                v6((public_prefix, 64), (0x0200_5EFE, 32), (inner, 0)),
            ]
        )
    )


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_contacted(text: str) -> None:
    assert refusal_reason(ip_address(text), ()) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.0.0.0", "unspecified"),  # noqa: S104 - to be refused
        ("0.1.2.3", "unspecified"),
        ("10.20.30.40", "private network"),
        ("172.31.255.255", "private network"),
        ("192.168.1.1", "private network"),
        ("100.64.0.1", "carrier"),
        ("127.0.0.1", "loopback"),
        ("127.200.0.9", "loopback"),
        ("169.254.1.1", "link-local"),
        ("192.0.0.8", "protocol assignments"),
        ("192.0.2.1", "documentation"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("192.88.99.1", "6to4 relay"),
        ("198.19.255.255", "benchmarking"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "broadcast"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("100::1", "discarded"),
        ("64:ff9b:1::808:808", "local NAT64"),
        ("2001::1", "Teredo"),
        ("2001:2::1", "benchmarking"),
        ("2001:20::1", "protocol assignments"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("2002:808:808::1", "6to4"),
        ("fc00::1", "unique local"),
        ("fdff::1", "unique local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "site-local"),
        ("ff02::1", "multicast"),
        ("4000::1", "outside the public range"),
        ("5f00::1", "outside the public range"),
        ("::8.8.8.8", "outside the public range"),
    ],
)
def test_a_special_address_is_refused_with_what_it_is(text: str, words: str) -> None:
    reason = refusal_reason(ip_address(text), ())
    assert reason is not None
    assert words in reason


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("169.254.169.254", "AWS"),
        ("169.254.170.2", "ECS"),
        ("169.254.170.23", "EKS"),
        ("fd00:ec2::254", "AWS"),
        ("fd00:ec2::254%1", "AWS"),
        ("fd20:ce::254", "Google"),
        ("fe80::a9fe:a9fe", "OpenStack"),
        ("168.63.129.16", "Azure"),
        ("100.100.100.200", "Alibaba"),
        ("192.0.0.192", "Oracle"),
        ("::ffff:169.254.169.254", "AWS"),
        ("64:ff9b::a9fe:a9fe", "AWS"),
        ("64:ff9b::168.63.129.16", "Azure"),
        ("2002:a9fe:a9fe::1", "AWS"),
    ],
)
def test_a_metadata_service_is_refused_by_name_in_every_form(text: str, owner: str) -> None:
    reason = refusal_reason(ip_address(text), ())
    assert reason is not None
    assert "metadata service" in reason
    assert owner in reason


@settings(deadline=None)
@given(every_embedding_of_a_private_address())
def test_every_embedding_of_a_private_address_is_refused(address: IPv6Address) -> None:
    assert refusal_reason(address, ()) is not None


@settings(deadline=None)
@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_accepted_unless_it_ends_at_a_public_ipv4_address(
    address: IPv6Address,
) -> None:
    if refusal_reason(address, ()) is None and address not in IPv6Network("2000::/3"):
        assert address in IPv6Network("64:ff9b::/96") or address.ipv4_mapped


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_whatever_is_accepted_as_ipv4_is_not_private_to_the_standard_library_either(
    address: IPv4Address,
) -> None:
    if refusal_reason(address, ()) is None:
        assert address.is_global
        assert not address.is_multicast


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_a_translated_address_is_judged_as_the_address_where_its_packets_end(address: IPv4Address) -> None:
    plain = refusal_reason(address, ())
    for form in (v6((0xFFFF, 32), (int(address), 0)), v6((0x0064_FF9B, 96), (int(address), 0))):
        assert (refusal_reason(form, ()) is None) == (plain is None)


@settings(deadline=None)
@given(private_ipv4)
def test_an_allowed_network_admits_its_addresses_and_their_translated_forms(address: IPv4Address) -> None:
    allowed = [IPv4Network(address)]
    assert refusal_reason(address, allowed) is None
    assert refusal_reason(v6((0xFFFF, 32), (int(address), 0)), allowed) is None
    assert refusal_reason(v6((0x0064_FF9B, 96), (int(address), 0)), allowed) is None


@pytest.mark.parametrize(
    "text", ["2002:a00:1::1", "2001:0:a00:1::f5ff:fffe", "fe80::5efe:a00:1", "fd00::5efe:a00:1", "::10.0.0.1"]
)
def test_an_allowed_ipv4_network_does_not_admit_tunnels_that_mention_it(text: str) -> None:
    assert refusal_reason(ip_address(text), [IPv4Network("10.0.0.0/8")]) is not None


@pytest.mark.parametrize(
    ("text", "network"),
    [("10.1.2.3", "10.0.0.0/8"), ("fd00:ec2::254", "fd00:ec2::/32"), ("fe80::1%eth0", "fe80::/10")],
)
def test_an_allowed_network_is_the_one_exception_and_ends_where_it_ends(text: str, network: str) -> None:
    assert refusal_reason(ip_address(text), [ip_network(network)]) is None
    assert refusal_reason(ip_address("192.168.0.1"), [ip_network(network)]) is not None


def test_the_sentence_does_not_repeat_the_address() -> None:
    reason = refusal_reason(ip_address("::ffff:10.1.2.3"), ())
    assert reason == (
        "The address carries an IPv4 address (IPv4-mapped, RFC 4291) that is in a private network (RFC 1918)."
    )

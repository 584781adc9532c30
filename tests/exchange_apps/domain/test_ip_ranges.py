"""Allow-lists of addresses: what they read, whom they let in."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.ip_ranges import ANYWHERE, MOST_RANGES, IPAllowlist, allowlist_of


@pytest.mark.parametrize(
    ("entries", "address", "allowed"),
    [
        (["10.0.0.0/8"], "10.255.255.255", True),
        (["10.0.0.0/8"], "11.0.0.0", False),
        (["192.0.2.1"], "192.0.2.1", True),
        (["192.0.2.1"], "192.0.2.2", False),
        (["0.0.0.0/0"], "255.255.255.255", True),
        (["0.0.0.0/0"], "::1", False),
        (["::/0"], "2001:db8::1", True),
        (["::/0"], "192.0.2.1", False),
        (["2001:db8::/32", "192.0.2.0/24"], "192.0.2.200", True),
        (["10.0.0.0/8"], "::ffff:10.1.2.3", True),
        (["10.0.0.0/8"], "::ffff:11.1.2.3", False),
        (["::ffff:10.0.0.0/104"], "10.1.2.3", True),
        (["::ffff:10.0.0.0/104"], "11.1.2.3", False),
        (["::ffff:192.0.2.1"], "::ffff:192.0.2.1", True),
        ([" 10.0.0.0/8 "], "10.0.0.1", True),
    ],
)
def test_a_list_lets_in_who_is_on_it(entries: list[str], address: str, allowed: bool) -> None:
    assert IPAllowlist.parse(entries).allows(ip_address(address)) is allowed


def test_no_entries_are_no_restriction_and_that_has_a_name() -> None:
    assert IPAllowlist.parse([]) is ANYWHERE
    assert ANYWHERE.allows(ip_address("192.0.2.1"))
    assert ANYWHERE.allows(None)
    assert not ANYWHERE.is_restricted
    assert IPAllowlist.parse(["0.0.0.0/0"]).is_restricted


def test_an_unknown_address_is_on_no_list() -> None:
    assert not IPAllowlist.parse(["0.0.0.0/0", "::/0"]).allows(None)


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("10.0.0.1/8", "Line 1: 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?"),
        ("10.0.0.0/33", "Line 1: '10.0.0.0/33' is no address or range such as 10.0.0.0/8 or 2001:db8::/32."),
        ("example.com", "Line 1: 'example.com' is no address or range such as 10.0.0.0/8 or 2001:db8::/32."),
        (
            "10.0.0.1-10.0.0.9",
            "Line 1: '10.0.0.1-10.0.0.9' is no address or range such as 10.0.0.0/8 or 2001:db8::/32.",
        ),
        ("010.0.0.1", "Line 1: '010.0.0.1' is no address or range such as 10.0.0.0/8 or 2001:db8::/32."),
        ("", "Line 1: an address or range such as 10.0.0.0/8 is expected."),
        ("  ", "Line 1: an address or range such as 10.0.0.0/8 is expected."),
        ("::ffff:0:0/64", "Line 1: ::ffff:0:0/64 has host bits set; did you mean ::/64?"),
    ],
)
def test_a_bad_entry_is_named_with_what_was_meant(entry: str, sentence: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the sentence is compared below
        IPAllowlist.parse([entry])
    assert str(refused.value) == sentence


def test_all_bad_entries_are_named_together() -> None:
    with pytest.raises(ValueError, match=r"Line 2: .* Line 4: "):
        IPAllowlist.parse(["10.0.0.0/8", "x", "::1", "y"])


def test_a_list_has_a_hundred_entries_at_most() -> None:
    entries = [f"10.0.0.{number}" for number in range(MOST_RANGES)]
    assert IPAllowlist.parse(entries).is_restricted
    with pytest.raises(ValueError, match="At most 100"):
        IPAllowlist.parse([*entries, "10.0.1.0"])


@pytest.mark.parametrize("entry", [None, 1, 167772161, b"\n\x00\x00\x01", ["10.0.0.0/8"]])
def test_only_text_is_an_entry(entry: object) -> None:
    with pytest.raises(ValueError, match="Line 1"):
        IPAllowlist.parse([entry])  # type: ignore[list-item]


networks = st.one_of(
    st.tuples(st.ip_addresses(v=4), st.integers(0, 32)), st.tuples(st.ip_addresses(v=6), st.integers(0, 128))
).map(lambda pair: ip_network(pair, strict=False))


@given(st.lists(networks, min_size=1, max_size=5), st.ip_addresses())
def test_rendered_and_read_again_a_list_lets_in_the_same(ranges: list[object], address: object) -> None:
    entries = [str(network) for network in ranges]
    try:
        one = IPAllowlist.parse(entries)
    except ValueError as error:
        assert "mixes IPv4-mapped" in str(error)  # noqa: PT017 - it may as well pass
        return
    again = allowlist_of(tuple(one.render()))
    assert again == one
    assert again.allows(address) == one.allows(address)  # type: ignore[arg-type]


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_mapped_address_is_let_in_exactly_where_its_own_is(address: object, bits: int) -> None:
    allowlist = IPAllowlist.parse([f"10.0.0.0/{bits}" if bits <= 8 else "10.0.0.0/8"] if bits >= 7 else ["0.0.0.0/0"])
    mapped = ip_address(f"::ffff:{address}")
    assert allowlist.allows(mapped) == allowlist.allows(address)  # type: ignore[arg-type]


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_in_words(entry: str) -> None:
    try:
        IPAllowlist.parse([entry])
    except ValueError as error:
        assert str(error).startswith("Line 1: ")  # noqa: PT017 - it may as well pass

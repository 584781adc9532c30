"""The published format against the vectors of those who defined it, and against itself."""

from __future__ import annotations

import json
import uuid
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.proof.canonical_json import canonical_json
from audit.proof.hash_chain import event_bytes, genesis, link_hash
from audit.proof.merkle import MerkleRoot, inclusion_path, leaf_hash, root_from_path

# RFC 8785: section 3.2.2, 3.2.3, and appendix B
CANONICAL: list[tuple[Any, str]] = [
    (
        {
            "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
            "string": '€$\x0f\nA\'B"\\\\"/',
            "literals": [None, True, False],
        },
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    ),
    (
        {"€": 1, "\r": 2, "\ufb33": 3, "1": 4, "😀": 5, "\x80": 6, "ö": 7},
        '{"\\r":2,"1":4,"\x80":6,"ö":7,"€":1,"😀":5,"\ufb33":3}',
    ),
    ([0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308], "[0,0,5e-324,-5e-324,1.7976931348623157e+308]"),
    ([9007199254740992.0, 295147905179352830000.0, 1e21], "[9007199254740992,295147905179352830000,1e+21]"),
    (
        [9.999999999999997e22, 0.0000013333333333333332, 1e-6, 1e-7],
        "[9.999999999999997e+22,0.0000013333333333333332,0.000001,1e-7]",
    ),
    ([-7, 2**64, 0, {}], "[-7,18446744073709551616,0,{}]"),
]


@pytest.mark.parametrize(("value", "text"), CANONICAL)
def test_canonical_json_is_that_of_rfc_8785(value: Any, text: str) -> None:
    assert canonical_json(value).decode() == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(-1e15, 1e15) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_canonical_json_says_the_same_and_reading_it_changes_nothing(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


def test_half_a_character_stops_nothing() -> None:
    assert canonical_json("\ud800") == b'"\xed\xa0\x80"'


def test_the_chain_is_what_the_page_says() -> None:
    chain = uuid.UUID("0199aaaa-0000-7000-8000-00000000ac3e")
    assert genesis(chain) == sha256(b"\x03" + bytes.fromhex("0199aaaa00007000800000000000ac3e")).digest()
    body = event_bytes({"b": 1, "a": None, "seal": {"sequence": 1}, "url": "https://x"})
    assert body == b'{"a":null,"b":1}'
    expected = sha256(b"\x02" + genesis(chain) + (1).to_bytes(8, "big") + body).digest()
    assert link_hash(genesis(chain), 1, body) == expected


def plain_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + plain_root(leaves[:k]) + plain_root(leaves[k:])).digest()


@given(st.lists(st.binary(max_size=4), max_size=40))
def test_the_root_is_that_of_rfc_9162(data: list[bytes]) -> None:
    tree = MerkleRoot()
    for leaf in data:
        tree.add(leaf)
    assert tree.digest() == plain_root(data)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_nothing_else(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    path, root = inclusion_path([leaf_hash(leaf) for leaf in data], index), plain_root(data)
    assert root_from_path(data[index], index, len(data), path) == root
    assert root_from_path(data[index] + b"x", index, len(data), path) != root
    assert root_from_path(data[index], index, len(data), [*path, root]) != root
    assert root_from_path(data[index], len(data), len(data), path) is None
    if path:
        assert root_from_path(data[index], index, len(data), path[:-1]) != root


def test_the_root_of_eight_leaves_is_the_one_certificate_transparency_publishes() -> None:
    leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    tree = MerkleRoot()
    for leaf in leaves:
        tree.add(bytes.fromhex(leaf))
    assert tree.digest().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"

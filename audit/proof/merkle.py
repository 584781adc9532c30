"""The Merkle tree of RFC 9162 section 2.1 over the hashes of a span: one event is provable without the rest."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class MerkleRoot:
    """The root of leaves that come one by one, holding one hash for each level."""

    def __init__(self) -> None:
        self._subtrees: list[tuple[int, bytes]] = []  # (leaves, root) of complete ones, largest first

    def add(self, data: bytes) -> None:
        self.add_leaf(leaf_hash(data))

    def add_leaf(self, root: bytes) -> None:
        size = 1
        while self._subtrees and self._subtrees[-1][0] == size:
            root = node_hash(self._subtrees.pop()[1], root)
            size *= 2
        self._subtrees.append((size, root))

    def digest(self) -> bytes:
        if not self._subtrees:
            return sha256(b"").digest()
        root = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            root = node_hash(left, root)
        return root


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """What leads from one of these leaf hashes to the root, lowest first (RFC 9162 section 2.1.3.1)."""
    if len(leaves) <= 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_path(left, index), _root(right)]
    return [*inclusion_path(right, index - split), _root(left)]


def root_from_path(data: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a leaf and its path lead to (RFC 9162 section 2.1.3.2); None where the path cannot be one."""
    if not 0 <= index < size:
        return None
    place, last, root = index, size - 1, leaf_hash(data)
    for sibling in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            root = node_hash(sibling, root)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        place, last = place >> 1, last >> 1
    return root if last == 0 else None


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = MerkleRoot()
    for leaf in leaves:
        tree.add_leaf(leaf)
    return tree.digest()

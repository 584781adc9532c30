"""Places in the log, as the index keeps them. The place of an event is its number in the chain of its organization:
dense, and never another again. A late commit is sealed late and gets a later place, so nothing is ever counted anew.

A term's places are kept as one Roaring bitmap for each chunk of a chain. Small chunks are cheap to add to, since a
batch rewrites what it touches; large ones are quick to search. This is between.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

from pyroaring import BitMap

CHUNK = 1 << 18

LATE = "late"
"""The term of events whose key is below an earlier one's. All others of a chain ascend by key as they do by place."""


@lru_cache(maxsize=131_072)
def term_key(term: str) -> bytes:
    """Two terms with one digest would be one term: with 96 bits that does not happen."""
    return blake2b(term.encode("utf-8", "surrogatepass"), digest_size=12).digest()


def token_key(token: str) -> int:
    """64 bits of a digest, signed as the databases have them; what is found is compared with the search anyway."""
    return int.from_bytes(blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest(), signed=True)


def span(first: int, last: int) -> BitMap:
    """Every place of a chunk from `first` to `last`; both may lie outside of it."""
    first, last = max(first, 0), min(last, CHUNK - 1)
    return BitMap(range(first, last + 1)) if first <= last else BitMap()


def packed(places: BitMap) -> bytes:
    places.run_optimize()
    return places.serialize()


def unpacked(content: bytes | memoryview) -> BitMap:
    return BitMap.deserialize(bytes(content))

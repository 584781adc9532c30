"""Asking the index: which places of a chain may hold what a search wants.

A few chunks are asked at once and then more: a common filter is answered by the newest, a rare one by some queries
over all of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import chain as joined
from operator import or_

from pyroaring import BitMap

from audit.models import SearchPosting, SearchToken
from audit.search.index_question import IndexQuestion
from audit.search.index_terms import TOKEN
from audit.search.places import CHUNK, LATE, span, term_key, token_key, unpacked

CHUNKS_AT_ONCE = (1, 4, 16, 64)


@dataclass(frozen=True, slots=True)
class Window:
    """Places from `first` to `last`, and some `late` ones beyond."""

    first: int
    last: int
    late: tuple[int, ...] = ()

    @property
    def chunks(self) -> list[int]:
        """In ascending order."""
        ordinary = range(self.first // CHUNK, self.last // CHUNK + 1) if self.first <= self.last else ()
        return sorted({*ordinary, *(place // CHUNK for place in self.late)})

    def within(self, chunk: int) -> BitMap:
        """Its places in a chunk."""
        start = chunk * CHUNK
        return span(self.first - start, self.last - start) | BitMap(
            place - start for place in self.late if place // CHUNK == chunk
        )


def candidates(
    question: IndexQuestion, chain: int, window: Window, *, newest_first: bool
) -> Iterator[tuple[int, BitMap]]:
    """For each chunk in the order of travel: the sequence it begins with, and the candidates' places in it."""
    travel = window.chunks[::-1] if newest_first else window.chunks
    for chunks in _portions(travel):
        known = _Known.of(question, [chain], chunks)
        for chunk in chunks:
            yield chunk * CHUNK, known.answer(chain, chunk, window.within(chunk))


def places_in_chains(question: IndexQuestion, windows: Mapping[int, Window]) -> Iterator[tuple[int, list[int]]]:
    """For each chain, once or several times: its number and sequences of candidates. The largest come first: who only
    wants to know whether there are many knows it soon. Chains of one chunk, which most are, are asked for together."""
    small = [chain for chain, window in windows.items() if window.last < CHUNK]
    for chain in windows.keys() - set(small):
        for start, places in candidates(question, chain, windows[chain], newest_first=True):
            yield chain, [start + place for place in places]
    known = _Known.of(question, small, [0])
    # Most chains have nothing of what is rare, and where a term is wanted that answers for them
    for chain in {of for of, _ in known.places} if question.groups else small:
        yield chain, list(known.answer(chain, 0, windows[chain].within(0)))


def late_places(chain: int, last: int) -> Iterator[int]:
    """The sequences of events whose keys are out of order."""
    rows = SearchPosting.objects.filter(chain=chain, chunk__in=list(range(last // CHUNK + 1)), term=term_key(LATE))
    for chunk, content in rows.order_by("chunk").values_list("chunk", "places"):
        yield from (chunk * CHUNK + place for place in unpacked(content))


def _portions(travel: list[int]) -> Iterator[list[int]]:
    start, sizes = 0, iter(CHUNKS_AT_ONCE)
    size = CHUNKS_AT_ONCE[0]
    while start < len(travel):
        size = next(sizes, size)
        yield travel[start : start + size]
        start += size


@dataclass(frozen=True, slots=True)
class _Known:
    """What the index has about a question, for each chunk of some chains: the places of each term."""

    question: IndexQuestion
    places: Mapping[tuple[int, int], Mapping[str, BitMap]]

    @classmethod
    def of(cls, question: IndexQuestion, chains: list[int], chunks: list[int]) -> _Known:
        places: defaultdict[tuple[int, int], defaultdict[str, BitMap]] = defaultdict(lambda: defaultdict(BitMap))
        of_tokens, others = _keys_of(question)
        # Chains, chunks and terms named one by one, so that each row is found by its whole key
        if others:
            rows = SearchPosting.objects.filter(chain__in=chains, chunk__in=chunks, term__in=list(others))
            for chain, chunk, key, content in rows.values_list("chain", "chunk", "term", "places"):
                places[chain, chunk][others[bytes(key)]] = unpacked(content)
        if of_tokens:
            named = SearchToken.objects.filter(chain__in=chains, chunk__in=chunks, token__in=list(of_tokens))
            for chain, chunk, token, place in named.values_list("chain", "chunk", "token", "place"):
                places[chain, chunk][of_tokens[token]].add(place)
        return cls(question, places)

    def answer(self, chain: int, chunk: int, within: BitMap) -> BitMap:
        """The places among these that may hold what is asked for."""
        places = self.places.get((chain, chunk), {})
        for group in self.question.groups:
            within &= reduce(or_, (places.get(term, BitMap()) for term in group))
            if not within:
                break
        for term in self.question.excluded:
            if excluded := places.get(term):
                within -= excluded
        return within


def _keys_of(question: IndexQuestion) -> tuple[dict[int, str], dict[bytes, str]]:
    """The terms of tokens and all others, by the keys they are kept under. Tokens that are excluded are left to the
    comparison with the events found: their keys are short."""
    wanted = set(joined.from_iterable(question.groups))
    others = {term for term in wanted.union(question.excluded) if not term.startswith(TOKEN)}
    return {token_key(term): term for term in wanted - others}, {term_key(term): term for term in others}

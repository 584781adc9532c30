"""What the next events of the chains add to the search index: read in batches of a bounded size."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from django.db.models import Q

from audit.models import AuditEvent, AuditSeal, SearchChain
from audit.search.index_terms import COLUMNS, terms_of, tokens_of
from audit.search.places import CHUNK, LATE, term_key, token_key

CHAINS_AT_ONCE = 100
"""So many chains one statement asks about."""
_SUBJECT_TYPE, _SUBJECT, _DATA = (COLUMNS.index(name) for name in ("subject_type", "subject_id", "data"))

_Span = tuple[SearchChain, int]
"""A chain, and up to which place it is to be indexed."""


@dataclass(slots=True)
class Batch:
    """What is to be written: for each chain and chunk the places of each term, the tokens, and how far it reaches."""

    places: dict[tuple[int, int], defaultdict[bytes, list[int]]] = field(default_factory=dict)
    tokens: set[tuple[int, int, int, int]] = field(default_factory=set)
    ends: list[tuple[SearchChain, int, uuid.UUID]] = field(default_factory=list)
    events: int = 0


def batches_of(grown: Iterable[tuple[SearchChain, int]], size: int) -> Iterator[Batch]:
    """One batch of each chain that grew; small ones share."""
    batch, spans, room = Batch(), list[_Span](), size
    for chain, end in grown:
        last = min(end, chain.indexed_to + room)
        spans.append((chain, last))
        room -= last - chain.indexed_to
        if len(spans) == CHAINS_AT_ONCE or not room:
            _take(batch, spans)
            spans = []
        if not room:
            yield batch
            batch, room = Batch(), size
    if spans:
        _take(batch, spans)
    if batch.ends:
        yield batch


def _take(batch: Batch, spans: Sequence[_Span]) -> None:
    """Read the events of these spans, and note under what they will be found."""
    wanted = (Q(chain=chain.chain, sequence__gt=chain.indexed_to, sequence__lte=last) for chain, last in spans)
    seals = AuditSeal.objects.filter(reduce(or_, wanted))
    events = AuditEvent.objects.filter(pk__in=seals.values("pk"))
    by_id = {row[0]: row[1:] for row in events.values_list("pk", *COLUMNS)}
    chains = {chain.chain: chain for chain, _ in spans}
    newest = {chain.chain: chain.newest_id for chain, _ in spans}
    for id, chain, sequence in seals.order_by("chain", "sequence").values_list("pk", "chain", "sequence"):
        columns = by_id.get(id)
        if columns is None:  # somebody deleted it, which is the verifier's to find
            continue
        number, (chunk, place) = chains[chain].number, divmod(sequence, CHUNK)
        terms = batch.places.setdefault((number, chunk), defaultdict(list))
        for term in terms_of(*columns):
            terms[term_key(term)].append(place)
        if id < newest[chain]:
            terms[term_key(LATE)].append(place)
        for token in tokens_of(columns[_SUBJECT_TYPE], columns[_SUBJECT], columns[_DATA]):
            batch.tokens.add((number, chunk, token_key(token), place))
        newest[chain] = max(newest[chain], id)
    for known, last in spans:
        batch.events += last - known.indexed_to
        batch.ends.append((known, last, newest[known.chain]))

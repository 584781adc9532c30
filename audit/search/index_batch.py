"""What the next events of the chains add to the search index: read in batches of a bounded size."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import itemgetter, or_
from typing import Any

import orjson
from django.db.models import Q
from pyroaring import BitMap

from audit import export_line
from audit.export_rows import SEQUENCE, published, rows_of
from audit.models import AuditEvent, AuditSeal, SearchChain
from audit.proof.hash_chain import INSTALLATION
from audit.search.index_terms import COLUMNS, Feature, features_of, terms_of, tokens_of
from audit.search.places import CHUNK, LATE, term_key, token_key

CHAINS_AT_ONCE = 100
"""So many chains one statement asks about."""
_ID, _ORGANIZATION, _DATA = (export_line.COLUMNS.index(name) for name in ("id", "organization_id", "data"))
_INDEXED = itemgetter(*(export_line.COLUMNS.index(name) for name in COLUMNS if name != "data"))
_SUBJECT = slice(COLUMNS.index("subject_type"), COLUMNS.index("subject_name") + 1)

Chunk = tuple[int, int]
"""A chain's number, and which of its chunks."""
_Span = tuple[SearchChain, int]
"""A chain, and up to which place it is to be indexed."""


@dataclass(slots=True)
class Batch:
    """What is to be written: for each chunk the places of each feature, the tokens, and how far it reaches."""

    places: defaultdict[Chunk, defaultdict[Feature, list[int]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    late: defaultdict[Chunk, list[int]] = field(default_factory=lambda: defaultdict(list))
    tokens: set[tuple[int, int, int, int]] = field(default_factory=set)
    ends: list[tuple[SearchChain, int, uuid.UUID]] = field(default_factory=list)
    events: int = 0

    def terms(self) -> dict[tuple[int, int, bytes], BitMap]:
        """The places by chunk and key of a term."""
        found: dict[tuple[int, int, bytes], BitMap] = {}
        for chunk, features in self.places.items():
            for feature, listed in features.items():
                places = BitMap(listed)
                for key in {term_key(term) for term in terms_of(feature)}:
                    known = found.get((*chunk, key))
                    found[*chunk, key] = places if known is None else known | places
        return found | {(*chunk, term_key(LATE)): BitMap(places) for chunk, places in self.late.items()}


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
    """Read the events of these spans, and note under what they will be found. One that somebody deleted is missing:
    that is the verifier's to find."""
    wanted = (Q(chain=chain.chain, sequence__gt=chain.indexed_to, sequence__lte=last) for chain, last in spans)
    seals = AuditSeal.objects.filter(reduce(or_, wanted))
    chains = {str(chain.chain): chain.number for chain, _ in spans}
    newest = {chain.number: str(chain.newest_id) for chain, _ in spans}
    rows = rows_of(AuditEvent.objects.filter(pk__in=seals.values("pk")))
    for row in map(published, sorted(rows, key=itemgetter(SEQUENCE))):
        number = chains.get(row[_ORGANIZATION] or str(INSTALLATION))
        if number is None:  # its organization was changed in the database: the verifier's to find, too
            continue
        chunk, place = divmod(row[SEQUENCE], CHUNK)
        columns = [*_INDEXED(row), data := _parsed(row[_DATA])]
        places = batch.places[number, chunk]
        for feature in features_of(*columns):
            places[feature].append(place)
        subject_type, subject_id, subject_name = columns[_SUBJECT]
        for token in tokens_of(subject_type, subject_id, subject_name, data):
            batch.tokens.add((number, chunk, token_key(token), place))
        if row[_ID] < newest[number]:
            batch.late[number, chunk].append(place)
        newest[number] = max(newest[number], row[_ID])
    for known, last in spans:
        batch.events += last - known.indexed_to
        batch.ends.append((known, last, uuid.UUID(newest[known.number])))


def _parsed(text: str) -> dict[str, Any]:
    try:
        found: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:  # half of a surrogate pair, say, which Python's own parser lets pass
        found = json.loads(text)
    return found

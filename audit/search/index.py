"""Keeping the search index up with the log. A job does it, so that a mint pays nothing for being found later.

It follows the seals of each chain. Of two runs at once that read the same state, one conditional UPDATE lets one write.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from time import monotonic

from django.db import connection, transaction
from django.db.models import Max, Q

from audit.models import (
    AuditChain,
    AuditRetention,
    SearchChain,
    SearchPosting,
    SearchToken,
)
from audit.proof.needs import writers_turn
from audit.search.index_batch import CHAINS_AT_ONCE, Batch, batches_of
from audit.search.index_rows import write_rows
from audit.search.places import CHUNK, packed, unpacked

BATCH = 10_000
"""Events in one transaction: on SQLite mints wait for it, a quarter of a second."""
_TERMS_AT_ONCE = 5000

_PostingKey = tuple[int, int, bytes]


def index_sealed_events(*, most_seconds: float = 45.0, batch_size: int = BATCH) -> int:
    """Bring the index up to date with the seals; answers how many events were taken into it. Larger batches take less
    time for each event, since fewer bitmaps are written twice, and hold the turn to write longer."""
    deadline, taken = monotonic() + most_seconds, 0
    _drop_what_retention_let_go()
    while monotonic() < deadline and (grown := _grown_chains()):
        for batch in batches_of(grown, batch_size):
            if not _write(batch):
                return taken  # another run was quicker
            taken += batch.events
            if monotonic() > deadline:
                break
    return taken


def _grown_chains() -> list[tuple[SearchChain, int]]:
    """Chains with seals that are not indexed, and their ends."""
    ends = dict(AuditChain.objects.values_list("pk", "sequence"))
    known = _known_chains()
    if new := sorted(ends.keys() - known.keys()):
        with writers_turn():
            SearchChain.objects.bulk_create([SearchChain(chain=chain) for chain in new], ignore_conflicts=True)
        known = _known_chains()
    return [(known[chain], end) for chain, end in sorted(ends.items()) if end > known[chain].indexed_to]


def _known_chains() -> dict[uuid.UUID, SearchChain]:
    return {chain.chain: chain for chain in SearchChain.objects.all()}


def _write(batch: Batch) -> bool:
    postings = list(_postings(batch))
    with writers_turn(), transaction.atomic():
        for chain, last, newest in batch.ends:
            as_read = SearchChain.objects.filter(pk=chain.pk, indexed_to=chain.indexed_to)
            if not as_read.update(indexed_to=last, newest_id=newest):
                transaction.set_rollback(True)
                return False
        with connection.cursor() as cursor:
            write_rows(cursor, SearchPosting, postings)
            write_rows(cursor, SearchToken, sorted(batch.tokens))
    for chain, last, newest in batch.ends:
        chain.indexed_to, chain.newest_id = last, newest
    return True


def _postings(batch: Batch) -> Iterator[tuple[int, int, bytes, bytes]]:
    """The rows as they should be, in the order of their key."""
    fresh = {chain.number for chain, _, _ in batch.ends if not chain.indexed_to}
    added = batch.terms()
    keys = sorted(added)
    for start in range(0, len(keys), _TERMS_AT_ONCE):
        part = keys[start : start + _TERMS_AT_ONCE]
        written = _written([key for key in part if key[0] not in fresh])
        for key in part:
            places = added[key] | unpacked(written[key]) if key in written else added[key]
            yield *key, packed(places)


def _written(keys: Sequence[_PostingKey]) -> Mapping[_PostingKey, bytes]:
    """What the index has of these terms, given in the order of their key."""
    found: dict[_PostingKey, bytes] = {}
    chunks = [(of, [term for _, _, term in terms]) for of, terms in groupby(keys, key=itemgetter(0, 1))]
    for start in range(0, len(chunks), CHAINS_AT_ONCE):
        part = chunks[start : start + CHAINS_AT_ONCE]
        wanted = (Q(chain=number, chunk=chunk, term__in=terms) for (number, chunk), terms in part)
        rows = SearchPosting.objects.filter(reduce(or_, wanted)).values_list("chain", "chunk", "term", "places")
        found |= {(number, chunk, bytes(term)): bytes(content) for number, chunk, term, content in rows}
    return found


def _drop_what_retention_let_go() -> None:
    gone = dict(AuditRetention.objects.values_list("chain").annotate(Max("last_sequence")))
    for chain in SearchChain.objects.filter(chain__in=gone):
        gone_to = gone[chain.chain]
        if gone_to > chain.gone_to:
            with writers_turn(), transaction.atomic():
                for rows in (SearchPosting, SearchToken):
                    rows.objects.filter(chain=chain.number, chunk__lt=(gone_to + 1) // CHUNK).delete()
                SearchChain.objects.filter(pk=chain.pk).update(gone_to=gone_to)

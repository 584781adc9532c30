"""Sealing: each committed event gets its place in the chain of its organization.

No writer waits for another's hash: events are sealed after they are committed, in the order they are found, and that
order is the chain's. A late commit gets a later place. Two sealers may run at once; of two that read the same state
one conditional UPDATE lets one write.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F

from audit.export_line import COLUMNS, event_document
from audit.models import AuditChain, AuditSeal, AuditSealer
from audit.proof.hash_chain import INSTALLATION, event_bytes, genesis, link_hash
from audit.proof.needs import writers_turn
from audit.proof.unsealed import Row, next_look_from, slice_after, unsealed_events

BATCH = 1000
SWEEP = 50_000
_ORGANIZATION, _SLUG = COLUMNS.index("organization_id"), COLUMNS.index("organization_slug")


def seal_events(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Seal everything that is committed; answers how many events that was."""
    deadline, sealed = time.monotonic() + most_seconds, 0
    while time.monotonic() < deadline:
        state, _ = AuditSealer.objects.get_or_create(pk=1)
        after = next_look_from(now)
        rows = list(unsealed_events(state.look_from)[:BATCH])
        full = len(rows) == BATCH
        after = max(state.look_from, min(after, rows[-1][0]) if full else after)
        written = _write(state, rows, look_from=after)
        sealed += written
        if not full or not written:
            break
    return sealed


def sweep(*, now: datetime) -> int:
    """The slow second look: one slice of the whole log, whatever clocks say; answers how many it had to seal."""
    state, _ = AuditSealer.objects.get_or_create(pk=1)
    slice_ends = slice_after(state.swept_to, SWEEP)
    # Younger ones are the first look's
    last = min(slice_ends or state.look_from, state.look_from)
    rows = list(unsealed_events(state.swept_to, last)[:BATCH])
    if len(rows) == BATCH:
        swept_to = rows[-1][0]
    else:
        swept_to = last if slice_ends and slice_ends < state.look_from else uuid.UUID(int=0)
    return _write(state, rows, swept_to=swept_to)


def _write(state: AuditSealer, rows: list[Row], **moved: uuid.UUID) -> int:
    if not rows and all(getattr(state, name) == place for name, place in moved.items() if name == "swept_to"):
        return 0  # looking at the same place again finds the same; an idle installation writes nothing
    chains = AuditChain.objects.in_bulk({row[_ORGANIZATION] or INSTALLATION for row in rows})
    seals, ends = _chained(rows, chains)
    with writers_turn(), transaction.atomic():
        as_read = AuditSealer.objects.filter(pk=state.pk, generation=state.generation)
        if not as_read.update(generation=F("generation") + 1, **moved):
            return 0  # another sealer was quicker
        AuditSeal.objects.bulk_create(seals, batch_size=BATCH)
        AuditChain.objects.bulk_create(
            ends, update_conflicts=True, unique_fields=["id"], update_fields=["slug", "sequence", "hash"]
        )
    return len(seals)


def _chained(rows: Iterable[Row], chains: Mapping[uuid.UUID, AuditChain]) -> tuple[list[AuditSeal], list[AuditChain]]:
    """The seals of events in this order, and where their chains end then."""
    ends = dict(chains)
    seals = []
    for row in rows:
        chain_id = row[_ORGANIZATION] or INSTALLATION
        end = ends.setdefault(chain_id, AuditChain(pk=chain_id, sequence=0, hash=genesis(chain_id)))
        previous = bytes(end.hash)
        end.sequence, end.slug = end.sequence + 1, row[_SLUG]
        end.hash = link_hash(previous, end.sequence, event_bytes(event_document(*row)))
        seals.append(
            AuditSeal(event_id=row[0], chain=chain_id, sequence=end.sequence, previous=previous, hash=end.hash)
        )
    return seals, list(ends.values())

"""The log of the database as lines, for its verification; read in pages, in constant memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from audit.export_line import COLUMNS, event_document
from audit.models import AuditChain, AuditCheckpoint, AuditEvent, AuditRetention, AuditSeal
from audit.proof.findings import Finding, Kind
from audit.proof.log_verifier import LogVerifier
from audit.proof.unsealed import unsealed_events

PAGE = 2000
Line = dict[str, Any]


def seal_document(seal: AuditSeal) -> Line:
    return {"sequence": seal.sequence, "previous": bytes(seal.previous).hex(), "hash": bytes(seal.hash).hex()}


def verify_database(verifier: LogVerifier, only: uuid.UUID | None = None) -> Iterator[Finding]:
    """Feed the verifier every chain of the database, or one of them."""
    for chain in [only] if only else list(_chains()):
        yield from _verify_chain(verifier, chain)
    for row in _unsealed():
        document = event_document(*row)
        if only is None or row[COLUMNS.index("organization_id")] == (only if only.int else None):
            yield from verifier.line(document)
    yield from verifier.end()


def _verify_chain(verifier: LogVerifier, chain: uuid.UUID) -> Iterator[Finding]:
    one, remembered = verifier.chain(chain), AuditChain.objects.filter(pk=chain).first()
    one.pruned_to = _pruned_to(chain)
    for item in _in_order(chain, last=remembered.sequence if remembered else None):
        if isinstance(item, AuditCheckpoint):
            yield from one.checkpoint(item.jws)
        elif item[1] is None:
            yield from one.event_gone(str(item[0].event_id), item[0].sequence, bytes(item[0].hash))
        else:
            yield from verifier.line(event_document(*item[1]) | {"seal": seal_document(item[0])})
    one.pruned_to = _pruned_to(chain)
    if remembered and one.last < remembered.sequence:
        detail = f"it ends at {one.last}, but {remembered.sequence} were sealed"
        yield Finding(Kind.TRUNCATED, one.name, detail, one.last)


def _pruned_to(chain: uuid.UUID) -> int:
    retention = AuditRetention.objects.filter(chain=chain).order_by("-last_sequence").first()
    return retention.last_sequence if retention else 0


def _in_order(
    chain: uuid.UUID, *, after: int = 0, last: int | None
) -> Iterator[tuple[AuditSeal, tuple[Any, ...] | None] | AuditCheckpoint]:
    """Seals with their events, and each checkpoint behind the last event it covers."""
    checkpoints = _checkpoints(chain, after, last)
    checkpoint = next(checkpoints, None)
    for seal, event in _sealed(chain, after, last):
        while checkpoint and checkpoint.last_sequence < seal.sequence:
            yield checkpoint
            checkpoint = next(checkpoints, None)
        yield seal, event
    if checkpoint:
        yield checkpoint
    yield from checkpoints


def _sealed(chain: uuid.UUID, after: int, last: int | None) -> Iterator[tuple[AuditSeal, tuple[Any, ...] | None]]:
    seals = AuditSeal.objects.filter(chain=chain, **({"sequence__lte": last} if last else {})).order_by("sequence")
    while page := list(seals.filter(sequence__gt=after)[:PAGE]):
        span = (page[0].sequence, page[-1].sequence)
        after = page[-1].sequence
        # The database joins by itself: to send it the keys costs more than to read the events
        of_page = AuditSeal.objects.filter(chain=chain, sequence__range=span).values("pk")
        events = {row[0]: row for row in AuditEvent.objects.filter(pk__in=of_page).values_list(*COLUMNS)}
        for seal in page:
            yield seal, events.get(seal.event_id)


def _checkpoints(chain: uuid.UUID, after: int, last: int | None) -> Iterator[AuditCheckpoint]:
    found = AuditCheckpoint.objects.filter(chain=chain, **({"last_sequence__lte": last} if last else {}))
    while page := list(found.filter(last_sequence__gt=after).order_by("last_sequence")[:PAGE]):
        after = page[-1].last_sequence
        yield from page


def _unsealed() -> Iterator[tuple[Any, ...]]:
    after = uuid.UUID(int=0)
    while page := list(unsealed_events(after)[:PAGE]):
        yield from page
        after = uuid.UUID(int=page[-1][0].int + 1)


def _chains() -> Iterator[uuid.UUID]:
    """Every chain there is a trace of, not only those that the sealer remembers."""
    known = set(AuditChain.objects.values_list("pk", flat=True))
    for model in (AuditSeal, AuditCheckpoint):
        chains = model.objects.order_by("chain").values_list("chain", flat=True)
        chain = chains.first()
        while chain is not None:
            known.add(chain)
            chain = chains.filter(chain__gt=chain).first()
    yield from sorted(known)

"""A whole chain as NDJSON that proves itself: events in the order of sealing, each checkpoint behind the last event it
covers. Read in pages, in constant memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from audit.export_ndjson import checkpoint_line, ndjson_line
from audit.export_rows import SEQUENCE, rows_of
from audit.models import AuditChain, AuditCheckpoint, AuditEvent, AuditRetention, AuditSeal

PAGE = 2000
Block = tuple[bytes, int]
"""Some lines, and how many of them are events."""
_EVENT, _CHECKPOINT = 0, 1  # as they stand behind each other


def whole_export(chain: uuid.UUID, *, first: int = 1, last: int | None = None) -> Iterator[Block]:
    """Begins with the checkpoint before number `first`, where there is one, and so at the beginning of a span. `last`
    is the chain's end, if not given."""
    if last is None:
        last = AuditChain.objects.filter(pk=chain).values_list("sequence", flat=True).first() or 0
    anchor = _anchor(chain, first)
    if anchor:
        yield checkpoint_line(anchor.jws), 0
    for after in range(anchor.last_sequence if anchor else 0, last, PAGE):
        yield _page(chain, after, min(after + PAGE, last))


def _anchor(chain: uuid.UUID, first: int) -> AuditCheckpoint | None:
    pruned = AuditRetention.objects.filter(chain=chain).order_by("-last_sequence").first()
    before = AuditCheckpoint.objects.filter(chain=chain).order_by("-last_sequence")
    anchor = before.filter(last_sequence__lt=first).first()
    if pruned and (anchor is None or anchor.last_sequence < pruned.last_sequence):
        return before.get(last_sequence=pruned.last_sequence)
    return anchor


def _page(chain: uuid.UUID, after: int, end: int) -> Block:
    of_page = AuditSeal.objects.filter(chain=chain, sequence__gt=after, sequence__lte=end).values("pk")
    rows = rows_of(AuditEvent.objects.filter(pk__in=of_page))
    signed = AuditCheckpoint.objects.filter(chain=chain, last_sequence__gt=after, last_sequence__lte=end)
    lines = [(row[SEQUENCE], _EVENT, ndjson_line(row)) for row in rows]
    lines += [(last, _CHECKPOINT, checkpoint_line(jws)) for last, jws in signed.values_list("last_sequence", "jws")]
    return b"".join([line for _, _, line in sorted(lines)]), len(rows)

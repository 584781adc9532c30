"""A whole chain as NDJSON that proves itself: events in the order of sealing, each checkpoint behind the last event it
covers. Read in pages, in constant memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from audit.export_ndjson import checkpoint_line, ndjson_line
from audit.export_rows import SEQUENCE, sealed_rows
from audit.models import AuditChain, AuditCheckpoint, AuditRetention
from audit.read_ahead import read_ahead

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
    start = anchor.last_sequence if anchor else 0
    spans = ((after, min(after + PAGE, last)) for after in range(start, last, PAGE))
    for rows, signed in read_ahead((sealed_rows(chain, *span), _signed(chain, *span)) for span in spans):
        lines = [(row[SEQUENCE], _EVENT, ndjson_line(row)) for row in rows]
        lines += [(place, _CHECKPOINT, checkpoint_line(jws)) for place, jws in signed]
        yield b"".join([line for _, _, line in sorted(lines)]), len(rows)


def _signed(chain: uuid.UUID, after: int, to: int) -> list[tuple[int, str]]:
    """The checkpoints that end within this span, and where."""
    found = AuditCheckpoint.objects.filter(chain=chain, last_sequence__gt=after, last_sequence__lte=to)
    return list(found.values_list("last_sequence", "jws"))


def _anchor(chain: uuid.UUID, first: int) -> AuditCheckpoint | None:
    pruned = AuditRetention.objects.filter(chain=chain).order_by("-last_sequence").first()
    before = AuditCheckpoint.objects.filter(chain=chain).order_by("-last_sequence")
    anchor = before.filter(last_sequence__lt=first).first()
    if pruned and (anchor is None or anchor.last_sequence < pruned.last_sequence):
        return before.get(last_sequence=pruned.last_sequence)
    return anchor

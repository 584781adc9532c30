"""The log as a stream for log shippers: `AUDIT_STREAM` names a file, or `stdout`.

Each line is one of an NDJSON export, seal included. Each chain comes in its order and at least once: the place is kept
after the lines are on disk, so a worker that dies in between writes some of them again. The file is opened for each
page, so whoever rotates it just renames it.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import datetime, timedelta
from operator import itemgetter

from django.conf import settings
from django.db.models import Q

from audit.export_ndjson import ndjson_lines
from audit.export_rows import SEQUENCE, rows_of
from audit.models import AuditChain, AuditEvent, AuditSeal, AuditStreamer, AuditStreamPlace
from audit.proof.needs import writers_turn

STDOUT = "stdout"
PAGE = 500
HELD_FOR = timedelta(seconds=60)


def stream_events(*, now: datetime, most_seconds: float = 8.0) -> int:
    """Write out what was sealed since the last time; answers how many events. Raises OSError where it cannot write."""
    if not settings.AUDIT_STREAM:
        return 0
    claim = uuid.uuid4()
    if not _take_claim(claim, now):
        return 0
    try:
        return _write_out(time.monotonic() + most_seconds)
    finally:
        with writers_turn():
            AuditStreamer.objects.filter(claim=claim).update(claim=None, claimed_until=None)


def _take_claim(claim: uuid.UUID, now: datetime) -> bool:
    free = Q(claimed_until=None) | Q(claimed_until__lte=now)
    with writers_turn():
        AuditStreamer.objects.get_or_create(pk=1)
        return AuditStreamer.objects.filter(free, pk=1).update(claim=claim, claimed_until=now + HELD_FOR) == 1


def _write_out(deadline: float) -> int:
    places = dict(AuditStreamPlace.objects.values_list("chain", "sequence"))
    written = 0
    for chain, end in AuditChain.objects.order_by("pk").values_list("pk", "sequence"):
        place = places.get(chain, 0)
        while place < end and time.monotonic() < deadline:
            seals = list(AuditSeal.objects.filter(chain=chain, sequence__gt=place).order_by("sequence")[:PAGE])
            if not seals:  # retention was quicker
                break
            written += _write_page(seals)
            place = seals[-1].sequence
            with writers_turn():
                AuditStreamPlace.objects.update_or_create(chain=chain, defaults={"sequence": place})
    return written


def _write_page(seals: list[AuditSeal]) -> int:
    rows = rows_of(AuditEvent.objects.filter(pk__in=[seal.event_id for seal in seals]))
    _append(ndjson_lines(sorted(rows, key=itemgetter(SEQUENCE))))
    return len(rows)


def _append(lines: bytes) -> None:
    if settings.AUDIT_STREAM == STDOUT:
        _write_all(1, lines)  # the descriptor itself: Celery puts something else in place of sys.stdout
        return
    # O_RDWR, to see how it ends
    file = os.open(settings.AUDIT_STREAM, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _write_all(file, lines if _ends_with_a_line(file) else b"\n" + lines)
        os.fsync(file)
    finally:
        os.close(file)


def _ends_with_a_line(file: int) -> bool:
    """False where a crash broke off a line: what follows must not continue it."""
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]

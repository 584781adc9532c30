"""The log written to nowhere, as the portal and the API export it: events a second by the clock, and the memory."""

from __future__ import annotations

import gc
import resource
import time
from datetime import UTC, datetime

from audit.export import PAGE, ExportFormat, export
from audit.export_rows import sealed_rows
from audit.models import AuditChain, AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, OrganizationRef
from audit.search.find import Search
from audit.search.query import parse
from tests.benchmarks.audit_events import BIG

EXPORTS = (
    ("", ExportFormat.NDJSON),
    ("type:ACCESS_TOKEN_MINTED", ExportFormat.NDJSON),
    ("", ExportFormat.CSV),
)


def measure_exports() -> str:
    """A table, with reading alone as the limit beside. Each export is two events of the log, which are not sealed."""
    gc.collect()
    gc.freeze()  # as a web worker does
    lines = ["| export | events | events/s | MB/s | largest memory so far, MiB |", "|---|---|---|---|---|"]
    count = AuditChain.objects.get(pk=BIG).sequence
    started = time.perf_counter()
    for after in range(0, count, PAGE):
        sealed_rows(BIG, after, min(after + PAGE, count))
    lines.append(f"| rows read, nothing written | {count:,} | {count / (time.perf_counter() - started):,.0f} | | |")
    for text, format in EXPORTS:
        log = AuditEvent.objects.filter(organization_id=BIG)
        search = Search(parse(text), log, frozenset({BIG}), datetime.now(UTC), UTC)
        organization = OrganizationRef(BIG, "organization-0")
        answer = export(search, format, actor=SYSTEM, organization=organization, origin=RequestOrigin.command("bench"))
        started, size, count = time.perf_counter(), 0, 0
        for block in answer.streaming_content:
            size += len(block)
            count += block.count(b"\n")
        seconds = time.perf_counter() - started
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rates = f"{count:,} | {count / seconds:,.0f} | {size / seconds / 1e6:.0f} | {memory:.0f}"
        lines.append(f"| {format.upper()}, {f'`{text}`' if text else 'all'} | {rates} |")
    return "\n".join(lines)

"""The log's jobs on a log that is there: how many new events a second are sealed, and taken into the index."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime

from audit.proof.sealing import seal_events
from audit.search.index import index_sealed_events
from tests.benchmarks.audit_events import append


def measure_jobs(count: int) -> str:
    """A table. The events stay in the log."""
    gc.collect()
    gc.freeze()
    index_sealed_events(most_seconds=float("inf"))
    append(count)
    jobs: dict[str, Callable[[], int]] = {
        "seal": lambda: seal_events(now=datetime.now(UTC), most_seconds=float("inf")),
        "index": lambda: index_sealed_events(most_seconds=float("inf")),
    }
    lines = ["| job | events | events/s | processor time an event, µs |", "|---|---|---|---|"]
    for name, job in jobs.items():
        started, worked = time.perf_counter(), time.process_time()
        done = job()
        seconds, work = time.perf_counter() - started, time.process_time() - worked
        lines.append(f"| {name} | {done:,} | {done / seconds:,.0f} | {work / done * 1e6:.0f} |")
    return "\n".join(lines)

"""How quickly a log of millions of events is read, sealed and indexed:
`python -m tests.benchmarks.audit_log fill|pages|export|jobs URL`.

`pages URL --beside SMALL` measures a small log in the same run, and tells how many times longer each page takes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict
from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.audit_log", description=__doc__)
    parser.add_argument("what", choices=("fill", "pages", "figures", "export", "jobs"))
    parser.add_argument("database", metavar="URL", help="as DATABASE_URL, sqlite:////a/file too; to fill, an empty one")
    parser.add_argument("--events", type=int, default=10_000, help="how many to make (default: 10000)")
    parser.add_argument("--beside", metavar="URL", help="of a small log, filled as well")
    options = parser.parse_args()
    if options.what == "pages":
        return compare(options.database, options.beside)
    os.environ |= {"DATABASE_URL": options.database, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.audit_settings"}
    import django

    django.setup()
    if options.what == "fill":
        return fill(options.events)
    if options.what == "jobs":
        return jobs(options.events)
    return figures() if options.what == "figures" else export()


def fill(count: int) -> int:
    from django.core.management import call_command
    from django.db import connection

    from audit.search.index import index_sealed_events
    from tests.benchmarks import audit_events

    call_command("migrate", verbosity=0)
    started = time.perf_counter()
    audit_events.fill(count)
    filled = time.perf_counter()
    # As the job does it would take an hour for five million
    index_sealed_events(most_seconds=float("inf"), batch_size=200_000)
    indexed = time.perf_counter()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    print(f"{count:,} events in {filled - started:.0f} s, indexed in {indexed - filled:.0f} s")
    return 0


def figures() -> int:
    """The figures of one log as JSON, from a process of its own: Django knows one database."""
    from tests.benchmarks.audit_pages import measure_pages

    json.dump([asdict(figures) for figures in measure_pages()], sys.stdout)
    return 0


def compare(database: str, beside: str | None) -> int:
    large = _figures_of(database)
    small = {one["search"]: one for one in _figures_of(beside)} if beside else {}
    print("| search | rows | first page, p95 ms | times | deep page | p95 ms | times |")
    print("|---|---|---|---|---|---|---|")
    for one in large:
        of_small = small.get(one["search"])
        first, deep = (f"{one[name] / of_small[name]:.1f}" if of_small else "" for name in ("first", "deep"))
        cells = (one["rows"], f"{one['first']:.1f}", first, one["page"], f"{one['deep']:.1f}", deep)
        print(f"| `{one['search']}` | {' | '.join(map(str, cells))} |")
    return 0


def _figures_of(database: str) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "tests.benchmarks.audit_log", "figures", database]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def export() -> int:
    from tests.benchmarks.audit_exports import measure_exports

    print(measure_exports())
    return 0


def jobs(count: int) -> int:
    from tests.benchmarks.audit_jobs import measure_jobs

    print(measure_jobs(count))
    return 0


if __name__ == "__main__":
    sys.exit(main())

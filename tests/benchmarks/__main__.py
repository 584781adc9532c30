"""``python -m tests.benchmarks``: limits, then all systems in turns, then the report."""

import argparse
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import psycopg

from tests.benchmarks.assertions import AssertionPool
from tests.benchmarks.contestants import NEEDS, choose, make, present
from tests.benchmarks.counterfoil import Counterfoil
from tests.benchmarks.goals import POSTGRES, SQLITE, Medians, goals
from tests.benchmarks.limits import Limit, http_limit, signature_limits, sqlite_limit
from tests.benchmarks.places import ISSUER, WORK
from tests.benchmarks.postgres_limit import postgres_limits
from tests.benchmarks.processes import DidNotWork
from tests.benchmarks.quiet import Patience
from tests.benchmarks.report import Run, show, write_json
from tests.benchmarks.rounds import WARM_UP, Cell, measure, median_cell
from tests.benchmarks.shared_redis import empty_redis
from tests.benchmarks.system import CLIENT_ID, System

#: Numbers of connections in the order of a visit; the first comes after the long warm-up.
CONNECTIONS = (8, 1, 32)
#: What a part may fail with without ending the whole run.
FAILURES = (DidNotWork, psycopg.Error, OSError)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 round of 2 s a cell instead of 3 of 4 s")
    only = f"limits, or beginnings of: {', '.join(NEEDS)}"
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help=only)
    limit = "exchange_rate_limit of the organization, a minute (default: 0, none)"
    parser.add_argument("--rate-limit", type=int, default=0, metavar="N", help=limit)
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep everything in this file, too")
    return parser.parse_args()


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"{time.strftime('%H:%M:%S')}  {text}", file=sys.stderr, flush=True)


def measure_limits(run: Run, pool: AssertionPool, patience: Patience, *, quick: bool) -> None:
    """Measure each costly step alone."""
    seconds = 1 if quick else 3
    parts: list[tuple[str, Callable[[], list[Limit]]]] = [
        ("signatures alone", lambda: signature_limits(pool, seconds / 3)),
        ("SQLite commits alone", lambda: [sqlite_limit(seconds)]),
        ("HTTP server alone", lambda: [http_limit(seconds)]),
    ]
    if present()["PostgreSQL"]:
        parts.append(("PostgreSQL statement alone, 1, 8 and 32 clients", lambda: postgres_limits(seconds)))
    else:
        run.left_out.append("PostgreSQL statement alone (PostgreSQL not reachable)")
    for what, part in parts:
        say(f"limit: {what}")
        patience.wait()
        try:
            run.limits += part()
        except FAILURES as problem:
            run.left_out.append(f"{what} ({problem})")


def start_systems(run: Run, names: list[str], pool: AssertionPool, stack: ExitStack) -> list[System]:
    """Start each system and let it mint a little; one that does not is left out and named."""
    started = []
    for name in names:
        system = make(name, pool, run.rate_limit)
        stack.callback(system.stop)
        say(f"{name}: start")
        try:
            system.start()
            problem = measure(system, "RS256", 1, seconds=0.2).problem
        except FAILURES as failure:
            problem = f"did not start: {failure}"
        if not problem:
            started.append(system)
        elif isinstance(system, Counterfoil):
            run.broken.append(f"{name}: {problem}")
        else:
            run.left_out.append(f"{name} ({problem})")
    return started


def measure_systems(run: Run, systems: list[System], patience: Patience) -> None:
    """Visit every system in every round; one of ours also with ES256."""
    ours = [system for name in (*POSTGRES, SQLITE) for system in systems if system.name == name]
    for number in range(1, run.rounds + 1):
        for system in systems:
            say(f"round {number}/{run.rounds}: {system.name}, {run.seconds:g} s at each concurrency")
            patience.wait()
            turns = [("RS256", connections) for connections in CONNECTIONS]
            turns += [("ES256", 8)] if system in ours[:1] else []
            warm_up = system.warm_up
            for algorithm, connections in turns:
                run.cells.append(measure(system, algorithm, connections, run.seconds, warm_up))
                warm_up = WARM_UP


def medians(cells: list[Cell]) -> Medians:
    """Group the single measurements and take medians."""
    groups: dict[tuple[str, str, int], list[Cell]] = {}
    for cell in sorted(cells, key=lambda cell: (cell.system, cell.algorithm != "RS256", cell.connections)):
        groups.setdefault((cell.system, cell.algorithm, cell.connections), []).append(cell)
    return {key: median_cell(group) for key, group in groups.items()}


def main() -> int:
    """Run everything; exit 1 where a check failed or the product itself did not start or mint."""
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped then, too
    WORK.mkdir(parents=True, exist_ok=True)
    run = Run(1 if options.quick else 3, 2.0 if options.quick else 4.0, options.rate_limit)
    patience = Patience(10 if options.quick else 30)
    with ExitStack() as stack:
        pool = AssertionPool(CLIENT_ID, ISSUER)
        stack.callback(pool.close)
        if present()["Redis"]:
            empty_redis()
            stack.callback(empty_redis)
        if not options.only or "limits" in options.only:
            measure_limits(run, pool, patience, quick=options.quick)
        names, left_out = choose(options.only)
        run.left_out += left_out
        systems = start_systems(run, names, pool, stack)
        measure_systems(run, systems, patience)
        say("stop all systems, drop their databases")
    middle = medians(run.cells)
    judged = goals(middle, run.limits)
    print(show(run, middle, judged))
    if options.json:
        write_json(options.json, run, judged)
    return 1 if run.problems() else 0


if __name__ == "__main__":
    sys.exit(main())

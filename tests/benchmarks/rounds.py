"""Measuring in turns: each round visits each system once, so that noise meets all alike."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from statistics import median

from tests.benchmarks.cpu import cpu_by_process, machine_busy, spent_between
from tests.benchmarks.load import Load
from tests.benchmarks.loadgen import drive
from tests.benchmarks.quiet import NOISE
from tests.benchmarks.system import System

#: Seconds of load before each measurement but the first of a visit, which has the system's own warm-up.
WARM_UP = 0.3
#: Requests a second that assertions are prepared for before a system's own rate is known.
UNKNOWN_RATE = 3000


@dataclass(frozen=True)
class Cell:
    """One measurement: rates in mints per second, latencies and CPU in milliseconds."""

    system: str
    algorithm: str
    connections: int
    rate: float
    p50: float
    p99: float
    #: CPU of all processes that work for the system, and what of it the database's own processes took.
    cpu_ms: float
    database_ms: float
    #: Cores that neither the system nor the load generator kept busy; a database's background writers count.
    others: float
    #: What was wrong; empty where every token was distinct, nothing failed and each has its audit row.
    problem: str


def check(system: System, load: Load) -> str:
    """Say what is wrong with a run, or nothing."""
    tokens = load.tokens()
    before = len(system.tokens)
    system.tokens.update(tokens)
    if load.errors:
        return f"{load.errors} of {load.requests} requests failed, first {load.first_failure}"
    if len(system.tokens) != before + len(tokens):
        return f"{before + len(tokens) - len(system.tokens)} tokens were given out twice"
    events = system.database.scalar(system.count_mints)
    if events != len(system.tokens):
        return f"{events} audit events for {len(system.tokens)} tokens"
    return ""


def prepare_requests(system: System, algorithm: str, seconds: float) -> Iterator[bytes]:
    """Sign enough for ``seconds`` and return the requests, none of whose assertions this system has seen."""
    start = system.used[algorithm]
    system.pool.ensure(algorithm, start + int(seconds * max(UNKNOWN_RATE, 2 * system.best_rate)))
    head, form = system.prefix()

    def requests() -> Iterator[bytes]:
        for assertion in system.pool.read(algorithm, start):
            system.used[algorithm] += 1
            yield b"%b%d\r\n\r\n%b%b" % (head, len(form) + len(assertion), form, assertion.encode())

    return requests()


def measure(system: System, algorithm: str, connections: int, seconds: float, warm_up: float = WARM_UP) -> Cell:
    """Measure one cell and check what came of it."""
    marks: list[tuple[dict[int, float], dict[int, float], float, float]] = []

    def at_edge() -> None:
        database = cpu_by_process(system.database.backend_pids())
        marks.append((cpu_by_process(system.pids()), database, time.process_time(), machine_busy()))

    try:
        load = drive(
            ("127.0.0.1", system.port),
            prepare_requests(system, algorithm, warm_up + seconds),
            connections=connections,
            seconds=seconds,
            warm_up=warm_up,
            at_edge=at_edge,
        )
        problem = check(system, load)
    except OSError as failure:
        load, problem = Load(), f"the server is gone: {failure}"
    if len(marks) < 2 or not load.answered:
        return Cell(system.name, algorithm, connections, 0, 0, 0, 0, 0, 0, problem or "nothing was measured")
    (cpu, database, own, busy), (cpu_after, database_after, own_after, busy_after) = marks
    spent = spent_between(cpu, cpu_after)
    others = (busy_after - busy - spent - (own_after - own)) / load.seconds
    system.best_rate = max(system.best_rate, load.rate)
    return Cell(
        system.name,
        algorithm,
        connections,
        load.rate,
        load.percentile(0.5),
        load.percentile(0.99),
        spent / load.answered * 1000,
        spent_between(database, database_after) / load.answered * 1000,
        max(0.0, others),
        problem,
    )


def median_cell(cells: list[Cell]) -> Cell:
    """Return the medians, figure by figure, of the quiet ones among repeated measurements, or else of all."""
    counted = [cell for cell in cells if cell.others <= NOISE] or cells

    def middle(figure: str) -> float:
        return float(median(getattr(cell, figure) for cell in counted))

    return replace(
        cells[0],
        rate=middle("rate"),
        p50=middle("p50"),
        p99=middle("p99"),
        cpu_ms=middle("cpu_ms"),
        database_ms=middle("database_ms"),
        others=middle("others"),
        problem=next((cell.problem for cell in cells if cell.problem), ""),
    )

"""The goals of the performance budget that concern minting, as ratios of one run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from tests.benchmarks.limits import Limit
from tests.benchmarks.quiet import NOISE
from tests.benchmarks.rounds import Cell

PEER = "oidc-provider"
AUTHLIB = "authlib-django"
SQLITE = "counterfoil-sqlite"
#: Ours on PostgreSQL: as run in production with Redis, or without where Redis was left out.
POSTGRES = ("counterfoil-postgres-redis", "counterfoil-postgres")

#: Medians by system, algorithm and number of connections.
Medians = Mapping[tuple[str, str, int], Cell]


@dataclass(frozen=True)
class Goal:
    """One ratio and what it should be; ``at_most`` turns the comparison round; None: not measured."""

    name: str
    ratio: float | None
    goal: float
    floor: float | None = None
    at_most: bool = False
    #: Whether strangers kept the machine busy during one of the two measurements.
    disturbed: bool = False

    def _keeps(self, bound: float) -> bool:
        assert self.ratio is not None
        return self.ratio <= bound if self.at_most else self.ratio >= bound

    @property
    def verdict(self) -> str:
        """Say whether the goal, the floor, or neither is reached."""
        if self.ratio is None:
            return "not measured"
        if self._keeps(self.goal):
            reached = "goal reached"
        elif self.floor is None:
            reached = "goal missed"
        else:
            reached = "floor held" if self._keeps(self.floor) else "BELOW FLOOR"
        return f"{reached} (disturbed)" if self.disturbed else reached


def best_peer(cells: Medians, connections: int) -> Cell | None:
    """Return the fastest durable oidc-provider variant of this run at that concurrency."""
    peers = [cell for (name, _, c), cell in cells.items() if name.startswith(PEER) and c == connections]
    return max(peers, key=lambda cell: cell.rate, default=None)


def ours_on_postgres(cells: Medians, connections: int, algorithm: str = "RS256") -> Cell | None:
    """Return our figures on PostgreSQL."""
    return next((cells[key] for name in POSTGRES if (key := (name, algorithm, connections)) in cells), None)


def compare(
    name: str,
    ours: Cell | None,
    theirs: Cell | None,
    figure: str = "rate",
    *,
    goal: float,
    floor: float | None = None,
) -> Goal:
    """Divide our figure by theirs; more is better for a rate, less for all others."""
    at_most = figure != "rate"
    if ours is None or theirs is None or not getattr(theirs, figure):
        return Goal(name, None, goal, floor, at_most)
    disturbed = max(ours.others, theirs.others) > NOISE
    return Goal(name, getattr(ours, figure) / getattr(theirs, figure), goal, floor, at_most, disturbed)


def goals(cells: Medians, limits: Iterable[Limit]) -> list[Goal]:
    """Compare the medians of a run with the budget."""
    ours = {connections: ours_on_postgres(cells, connections) for connections in (1, 8, 32)}
    peer = {connections: best_peer(cells, connections) for connections in (1, 8, 32)}
    sqlite = {connections: cells.get((SQLITE, "RS256", connections)) for connections in (8, 32)}
    es256 = ours_on_postgres(cells, 8, "ES256") or cells.get((SQLITE, "ES256", 8))
    rs256 = cells.get((es256.system, "RS256", 8)) if es256 else None
    statement = next((limit for limit in limits if "PostgreSQL" in limit.name and "c=8" in limit.name), None)
    at_8, lite_at_8 = ours[8], sqlite[8]
    limit = replace(at_8, rate=statement.per_second) if at_8 and statement else None
    median = replace(lite_at_8, p99=lite_at_8.p50) if lite_at_8 else None
    return [
        compare("PostgreSQL, c=1: mints/s / peer's", ours[1], peer[1], goal=1.5, floor=1.1),
        compare("PostgreSQL, c=8: mints/s / peer's", at_8, peer[8], goal=1.5, floor=1.1),
        compare("PostgreSQL, c=32: mints/s / peer's", ours[32], peer[32], goal=1.5, floor=1.1),
        compare("PostgreSQL, c=8: p99 / peer's", at_8, peer[8], "p99", goal=0.6, floor=0.9),
        compare("PostgreSQL, c=8: CPU a mint / peer's", at_8, peer[8], "cpu_ms", goal=0.7, floor=1.0),
        compare(
            "PostgreSQL, c=8: mints/s / Authlib on Django's",
            at_8,
            cells.get((AUTHLIB, "RS256", 8)),
            goal=7,
            floor=5,
        ),
        compare("PostgreSQL, c=8: mints/s / the one statement alone", at_8, limit, goal=0.3, floor=0.2),
        compare("SQLite (FULL), c=8: mints/s / peer's", lite_at_8, peer[8], goal=1.2, floor=0.8),
        compare("SQLite (FULL), c=32: mints/s / peer's", sqlite[32], peer[32], goal=1.2, floor=0.6),
        compare("SQLite (FULL), c=8: p99 / its own p50", lite_at_8, median, "p99", goal=5, floor=8),
        compare("c=8: mints/s with ES256 / with RS256", es256, rs256, goal=0.85),
    ]

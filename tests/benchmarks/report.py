"""The report of a run: tables to read, one JSON document to keep."""

import json
import os
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks.goals import Goal, Medians
from tests.benchmarks.limits import Limit
from tests.benchmarks.quiet import NOISE
from tests.benchmarks.rounds import Cell

PACKAGES = ("django", "djangorestframework", "granian", "psycopg", "cryptography", "pyjwt", "redis")


@dataclass
class Run:
    """All that one run found out."""

    rounds: int
    seconds: float
    rate_limit: int
    limits: list[Limit] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def problems(self) -> list[str]:
        """Return what is wrong with the product or with a measurement, a line each."""
        cells = [f"{cell.system}, c={cell.connections}: {cell.problem}" for cell in self.cells if cell.problem]
        return self.broken + cells


def conditions(run: Run) -> dict[str, object]:
    """Return what a reader must know to judge the figures."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": versions,
        "rounds": run.rounds,
        "seconds a cell": run.seconds,
        "exchange_rate_limit": run.rate_limit,
    }


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    """Lay out a table: first column to the left, figures to the right."""
    lines = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    first, *others = widths
    return "\n".join(
        "  ".join([line[0].ljust(first), *(cell.rjust(w) for cell, w in zip(line[1:], others, strict=True))])
        for line in lines
    )


def show_cells(medians: Medians) -> str:
    """Return the table of measurements."""
    rows = [
        [
            cell.system + ("" if cell.algorithm == "RS256" else f" ({cell.algorithm})"),
            str(cell.connections),
            f"{cell.rate:,.0f}",
            f"{cell.p50:.1f}",
            f"{cell.p99:.1f}",
            f"{cell.cpu_ms:.2f}",
            f"{cell.database_ms:.2f}",
            f"{cell.others:.2f}{'!' if cell.others > NOISE else ' '}",
        ]
        for cell in medians.values()
    ]
    heads = [
        "system",
        "connections",
        "mints/s",
        "p50 ms",
        "p99 ms",
        "CPU ms/mint",
        "of it DB",
        "others' cores",
    ]
    return table(heads, rows)


def show_goals(goals: Iterable[Goal]) -> str:
    """Return the table of ratios."""
    rows = []
    for goal in goals:
        sign = "<=" if goal.at_most else ">="
        measured = "-" if goal.ratio is None else f"{goal.ratio:.2f}"
        floor = "-" if goal.floor is None else f"{sign} {goal.floor:g}"
        rows.append([goal.name, measured, f"{sign} {goal.goal:g}", floor, goal.verdict])
    return table(["ratio", "measured", "goal", "floor", ""], rows)


def show(run: Run, medians: Medians, goals: Iterable[Goal]) -> str:
    """Return the whole report as text."""
    facts = "  ".join(f"{name}: {value}" for name, value in conditions(run).items() if name != "packages")
    limits = [[limit.name, f"{limit.per_second:,.0f}"] for limit in run.limits]
    checked = "\n".join(run.problems()) or "every token distinct, no error, an audit event for every token"
    parts = [facts]
    if limits:
        parts.append(table(["limit of this machine", "per second"], limits))
    if medians:
        note = f"medians of the quiet rounds; ! in no round did others keep less than {NOISE} cores busy"
        parts.append(f"{show_cells(medians)}\n({note})")
        parts.append(f"{show_goals(goals)}\n(peer: the fastest oidc-provider variant of this run at that c)")
        parts.append(f"checks: {checked}")
    parts += [f"left out: {reason}" for reason in run.left_out]
    return "\n\n".join(parts)


def write_json(file: Path, run: Run, goals: Iterable[Goal]) -> None:
    """Keep everything, single measurements included."""
    document = {
        "conditions": conditions(run),
        "limits": {limit.name: round(limit.per_second, 1) for limit in run.limits},
        "cells": [asdict(cell) for cell in run.cells],
        "goals": [asdict(goal) | {"verdict": goal.verdict} for goal in goals],
        "left_out": run.left_out,
        "problems": run.problems(),
    }
    file.write_text(json.dumps(document, indent=2) + "\n")

"""CPU seconds of processes, read from ``/proc`` (Linux)."""

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def _stat_fields(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:  # it ended meanwhile
        return None
    return text.rpartition(")")[2].split()


def process_tree(root: int) -> set[int]:
    """Return ``root`` and all its living descendants."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat_fields(int(entry))) is not None:
            parents[int(entry)] = int(fields[1])
    tree, grown = {root}, True
    while grown:
        found = {pid for pid, parent in parents.items() if parent in tree} - tree
        grown = bool(found)
        tree |= found
    return tree


def cpu_by_process(pids: Iterable[int]) -> dict[int, float]:
    """Return user plus system seconds of each living process, in steps of one clock tick (10 ms)."""
    seconds = {}
    for pid in pids:
        if (fields := _stat_fields(pid)) is not None:
            seconds[pid] = (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def spent_between(before: dict[int, float], after: dict[int, float]) -> float:
    """Return the seconds spent between two readings; a process that is new in the second counts from zero."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def machine_busy() -> float:
    """Return the seconds all cores together have been busy since boot (not idle, not waiting for a disk)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS

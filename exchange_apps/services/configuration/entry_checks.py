"""What apps and identity providers have in common: scopes and addresses, each fault named in its place."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from exchange_apps.domain.ip_ranges import IPAllowlist
from exchange_apps.domain.problems import Path
from exchange_apps.services.configuration.run import Run


def check_scopes(run: Run, names: Collection[str], path: Path, known: set[str]) -> None:
    for index, name in enumerate(names):
        if name not in known:
            close = get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]}?" if close else "."
            run.problems.add((*path, index), f"There is no scope {name[:64]!r}{hint}")


def check_addresses(run: Run, ranges: list[str], path: Path) -> None:
    """Name each bad entry of an address list in its place."""
    for index, entry in enumerate(ranges):
        try:
            IPAllowlist.parse([entry])
        except ValueError as error:
            run.problems.add((*path, index), str(error).removeprefix("Line 1: "))

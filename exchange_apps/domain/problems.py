"""What is wrong with a document that a person wrote: all of it, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence about one place; `path` is empty for the whole of it."""

    path: Path
    message: str

    @property
    def place(self) -> str:
        """The place as people read it: `organizations[0].token_exchange_apps[1].max_token_ttl`."""
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)
        return text.removeprefix(".")

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.path else self.message


class Problems:
    """A growing collection; read sorted by place."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, path: Path, message: str) -> None:
        self._found[Problem(path, message)] = None

    def touch(self, path: Path) -> bool:
        """Whether something at `path` or inside it was found already: more words about it would only repeat."""
        return any(problem.path[: len(path)] == path for problem in self._found)

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found, key=lambda problem: [_sortable(step) for step in problem.path]))

    def __bool__(self) -> bool:
        return bool(self._found)


def _sortable(step: str | int) -> tuple[int, str]:
    return (step, "") if isinstance(step, int) else (-1, step)

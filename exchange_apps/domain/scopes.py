"""A set of scopes (RFC 6749 section 3.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")
_MOST_SCOPES = 200


@dataclass(frozen=True, slots=True)
class ScopeSet:
    """Order-free; rendered sorted. Compared with `<=`: over-asking is refused, never silently narrowed."""

    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: Iterable[str]) -> ScopeSet:
        """Raises ValueError with a sentence when a name is no scope token."""
        found = frozenset(names)
        if len(found) > _MOST_SCOPES:
            raise ValueError(f"more than {_MOST_SCOPES} scopes")
        for name in found:
            if not isinstance(name, str) or not _SCOPE_TOKEN.fullmatch(name):
                raise ValueError("a scope is 1 to 64 visible ASCII characters without quotes and backslashes")
        return cls(found)

    @classmethod
    def parse(cls, text: str) -> ScopeSet:
        """Read the `scope` parameter: names separated by single spaces; extra spaces are tolerated."""
        return cls.of(part for part in text.split(" ") if part)

    def render(self) -> str:
        return " ".join(sorted(self.names))

    def __le__(self, other: ScopeSet) -> bool:
        return self.names <= other.names

    def __sub__(self, other: ScopeSet) -> ScopeSet:
        return ScopeSet(self.names - other.names)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self.names))

    def __bool__(self) -> bool:
        return bool(self.names)

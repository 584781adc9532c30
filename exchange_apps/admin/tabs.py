"""Tabs of a form's page: what stands in which, and which one opens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab; `errors` counts the fields in it that have to be corrected."""

    key: str
    label: Any
    errors: int
    is_open: bool


def tabs_of(form: Any, tabs: Iterable[tuple[str, Any, tuple[str, ...]]]) -> list[Tab]:
    """`tabs` are of a key, a label and the fields in it. The first with an error is open, else the first."""
    counts = [(key, label, sum(name in form.errors for name in fields)) for key, label, fields in tabs]
    first = next((index for index, (_key, _label, count) in enumerate(counts) if count), 0)
    return [Tab(key, label, count, index == first) for index, (key, label, count) in enumerate(counts)]

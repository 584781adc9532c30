"""Lists inside an organization that a package above brings along: `settings.CONFIGURATION_SECTIONS` names them.

So the file of `apply` can hold what this package knows nothing of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from exchange_apps.domain.problems import Path
from exchange_apps.models import Organization
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.outcome import EntryOutcome
from exchange_apps.services.configuration.run import Run
from exchange_apps.services.configuration.schema_parts import Schema

Step = Callable[[Run, Organization, list[tuple[Path, Entry]], Path], list[EntryOutcome]]


@dataclass(frozen=True, slots=True)
class Section:
    """`key` in the file; `named_by` tells its entries apart; `definitions` are schemas, `definition` the entries' own.

    `apply` brings the rows in step with the entries; `prune` removes what the list does not name, after every section
    has been applied, the last section first. `inner_lists` are lists of entries inside the entries.
    """

    key: str
    named_by: str
    description: str
    definition: str
    definitions: Mapping[str, Schema]
    apply: Step
    prune: Step
    inner_lists: tuple[str, ...] = ()


@cache
def sections() -> tuple[Section, ...]:
    return tuple(import_string(name) for name in settings.CONFIGURATION_SECTIONS)

"""Scopes beside those that an installation comes with."""

from __future__ import annotations

from functools import partial

from exchange_apps.domain.problems import Path
from exchange_apps.models import Scope
from exchange_apps.services.configuration.clashes import Entry
from exchange_apps.services.configuration.outcome import EntryOutcome
from exchange_apps.services.configuration.run import Run, shown_before
from exchange_apps.services.organizations import SCOPE, save_scope

_FIELDS = {name: name for name in ("group", "label", "description", "writes")}


def apply_scopes(run: Run, found: list[tuple[Path, Entry]]) -> list[EntryOutcome]:
    outcomes = []
    stored = Scope.objects.in_bulk()
    for path, entry in found:
        name = entry.get("name", "")
        scope = stored.get(name) or Scope(name=name, group="Other", label=name)
        before = shown_before(scope, SCOPE)
        run.fill(scope, entry, _FIELDS)
        save = partial(save_scope, scope, author=run.author)
        action, changes = run.finish(scope, SCOPE, before, save, path)
        outcomes.append(EntryOutcome("scope", {"name": name}, action, changes))
    return outcomes

"""What every part of one `apply` shares: where problems go, who does it, and how one object is brought in step."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, models, transaction

from exchange_apps.domain.problems import Path, Problems
from exchange_apps.services.audited_changes import Author, ChangeKind, shown_fields
from exchange_apps.services.configuration.outcome import Action, Changes

Save = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Run:
    """`folder` is where relative paths begin; `environment` holds the passwords; a `planned` run is undone."""

    problems: Problems
    author: Author
    folder: FilePath
    environment: Mapping[str, str]
    planned: bool
    generated: set[object] = field(default_factory=set)

    def fill(self, instance: models.Model, values: Mapping[str, Any], fields: Mapping[str, str]) -> None:
        """Set the fields that the file names; `fields` maps its keys to ours."""
        for key, name in fields.items():
            if key in values:
                setattr(instance, name, values[key])

    def begin(self, instance: models.Model, entry: Mapping[str, Any], path: Path) -> None:
        """Take the UUID of a new object, or refuse that of an old one to change."""
        if "uuid" not in entry:
            if instance._state.adding:
                self.generated.add(instance.pk)
            return None
        try:
            wanted = uuid.UUID(entry["uuid"])
        except ValueError:
            return self.problems.add((*path, "uuid"), "This is no UUID.")
        if not instance._state.adding and instance.pk != wanted:
            return self.problems.add((*path, "uuid"), f"The UUID is {instance.pk} and never changes.")
        if instance._state.adding and type(instance)._default_manager.filter(pk=wanted).exists():
            return self.problems.add((*path, "uuid"), "This UUID belongs to another one already.")
        instance.pk = wanted
        return None

    def finish(
        self, instance: models.Model, kind: ChangeKind, before: Mapping[str, Any], save: Save, path: Path
    ) -> tuple[Action, Changes]:
        """Save when something differs. What stands in the way is added to the problems."""
        adding = instance._state.adding
        try:
            if self.problems.touch(path):
                # It cannot be saved; this finds what else is wrong with it. Constraints would only repeat that
                instance.full_clean(validate_constraints=False)
                return Action.UNCHANGED, {}
            changes = self._difference(before, shown_fields(instance, kind))
            if not adding and not changes:
                return Action.UNCHANGED, {}
            with transaction.atomic():
                save()
        except ValidationError as error:
            self._add(error, path)
            return Action.UNCHANGED, {}
        except IntegrityError as error:
            self.problems.add(path, f"The database refuses this: {str(error).splitlines()[0]}")
            return Action.UNCHANGED, {}
        return (Action.CREATED if adding else Action.UPDATED), changes

    def attempt(self, path: Path, act: Save) -> bool:
        """Do something that may be refused; False, with the problem added, when it was."""
        try:
            with transaction.atomic():
                act()
        except ValidationError as error:
            self._add(error, path)
            return False
        return True

    def shown_id(self, value: object) -> str | None:
        """An identifier as the outcome tells it; none where a plan only made it up."""
        return None if self._is_made_up(value) else str(value)

    def _add(self, error: ValidationError, path: Path) -> None:
        if not hasattr(error, "error_dict"):
            return self.problems.add(path, " ".join(error.messages))
        for name, messages in error.message_dict.items():
            if name in _PARENTS:
                continue  # its organization or user could not be saved, and has its own problem
            if name == NON_FIELD_ERRORS:
                self.problems.add(path, " ".join(messages))
                continue
            keys = _IN_THE_FILE.get(name, (name,))
            if not any(self.problems.touch((*path, key)) for key in keys):
                self.problems.add((*path, keys[0]), " ".join(messages))
        return None

    def _difference(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
        shown = {name: None if self._is_made_up(value) else value for name, value in after.items()}
        return {
            name: {"before": before.get(name), "after": value}
            for name, value in shown.items()
            if name not in before or before[name] != value
        }

    def _is_made_up(self, value: object) -> bool:
        """Whether a plan generated this identifier: the real run will generate another."""
        return self.planned and isinstance(value, str | uuid.UUID) and value in self.generated


_PARENTS = ("organization", "user", "cluster")
_IN_THE_FILE = {"id": ("uuid",), "jwks": ("jwks", "jwks_file", "jwks_uri")}
"""Our fields by the keys that fill them, where these are called otherwise."""


def shown_before(instance: models.Model, kind: ChangeKind) -> dict[str, Any]:
    """The fields as stored; nothing for what is not stored yet."""
    return {} if instance._state.adding else shown_fields(instance, kind)

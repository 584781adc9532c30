"""Lists of text, kept as JSON so that they are the same on both databases."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from audit.actions import AuditAction
from exchange_apps.domain.ip_ranges import IPAllowlist
from exchange_apps.domain.scopes import ScopeSet


class _TextListField(models.JSONField):
    """A list of strings that `parse` understands; its sentence is the form's error."""

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise ValidationError("A list of texts is expected.")
        try:
            self.parse(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def parse(self, value: list[str]) -> object:
        raise NotImplementedError


class AddressListField(_TextListField):
    """Addresses and ranges, one per entry."""

    def parse(self, value: list[str]) -> IPAllowlist:
        return IPAllowlist.parse(value)


class ScopeListField(_TextListField):
    """Scope names."""

    def parse(self, value: list[str]) -> ScopeSet:
        return ScopeSet.of(value)


class EventTypesField(_TextListField):
    """Types of the audit log, or beginnings of them that end in `*`."""

    def parse(self, value: list[str]) -> list[str]:
        for entry in value:
            if not any(fits(entry, action.value) for action in AuditAction):
                meant = get_close_matches(entry.upper(), list(AuditAction), n=1)
                raise ValueError(
                    f"There is no event type {entry[:64]}." + (f" Did you mean {meant[0]}?" if meant else "")
                )
        return value


def fits(entry: str, type: str) -> bool:
    """Whether an event type is named by an entry of such a list."""
    return type.startswith(entry[:-1]) if entry.endswith("*") else type == entry

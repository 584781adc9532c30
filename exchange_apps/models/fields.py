"""Lists of text, kept as JSON so that they are the same on both databases."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

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

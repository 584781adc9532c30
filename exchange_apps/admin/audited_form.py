"""What every form of the portal shares: it knows whom it is for, and says each fault once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from exchange_apps.access import Access
from exchange_apps.models import Organization

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class AuditedModelForm(_ModelForm):
    """A model form whose instance's own checks do not repeat what a field has said already.

    `organization` and `access` are set by the admin (`OrganizationScopedAdmin.get_form`).
    """

    organization: Organization | None = None
    access: Access | None = None

    def _update_errors(self, errors: ValidationError) -> None:
        found = getattr(errors, "error_dict", None)
        if found is None:
            super()._update_errors(errors)  # type: ignore[misc]
        elif rest := {name: value for name, value in found.items() if name not in self.errors}:
            super()._update_errors(ValidationError(rest))  # type: ignore[misc]

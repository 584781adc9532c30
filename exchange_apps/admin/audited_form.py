"""What every form of the portal shares: it knows whom it is for, and says each fault once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError

from exchange_apps.access import Access
from exchange_apps.admin.widgets import AddressLinesInput
from exchange_apps.domain.ip_ranges import IPAddress
from exchange_apps.models import Organization

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


class AuditedModelForm(_ModelForm):
    """A model form whose instance's own checks do not repeat what a field has said already.

    `organization`, `access` and `seen_address` (where the person comes from) are set by the admin (`get_form`),
    `refusal` too where a service refused what the form had let through: the form comes back with it, and with all that
    was typed.
    """

    organization: Organization | None = None
    access: Access | None = None
    refusal: ValidationError | None = None
    seen_address: IPAddress | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, AddressLinesInput):
                field.widget.seen_address = self.seen_address

    def _update_errors(self, errors: ValidationError) -> None:
        found = getattr(errors, "error_dict", None)
        if found is None:
            super()._update_errors(errors)  # type: ignore[misc]
        elif rest := {name: value for name, value in found.items() if name not in self.errors}:
            super()._update_errors(ValidationError(rest))  # type: ignore[misc]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.refusal is None:
            return
        for field, sentences in getattr(self.refusal, "message_dict", {None: self.refusal.messages}).items():
            shown = field if field in self.fields else None
            said = list(self.errors.get(shown or NON_FIELD_ERRORS, ()))
            self.add_error(shown, [sentence for sentence in sentences if sentence not in said])

"""The form of a webhook."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.models import WebhookEndpoint, WebhookFormat


class EventTypesLines(forms.CharField):
    """One event type per line, or the beginning of several with `*`; the model's field says which there are."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.widget.attrs |= {"rows": 4, "class": "code", "spellcheck": "false", "placeholder": "ACCESS_TOKEN_*"}

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return list(dict.fromkeys(str(value or "").replace(",", " ").upper().split()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True  # the service compares


class WebhookForm(AuditedModelForm):
    types = EventTypesLines(
        label=_("Only these event types"),
        help_text=_("One per line; * at the end stands for all that begin so. Empty: everything."),
    )

    class Meta:
        model = WebhookEndpoint
        fields: ClassVar[list[str]] = ["name", "url", "format", "types"]
        widgets: ClassVar[dict[str, Any]] = {
            "url": forms.URLInput(attrs={"class": "code", "placeholder": "https://", "spellcheck": "false"}),
            "format": forms.RadioSelect(choices=WebhookFormat.choices),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "url": _("An https address that answers each POST with 2xx within ten seconds. No redirects."),
            "format": _("Ours carries the seal, so what arrives can be verified like an export."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.organization is not None and self.instance._state.adding:
            self.instance.organization = self.organization

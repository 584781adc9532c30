"""The form of a dry run. What was pasted is read once and never shown again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.origin import IPAddress, parsed_address
from exchange_apps.domain import urns
from exchange_apps.domain.pasted_exchange import MOST_CHARACTERS, PastedRequest, parse_pasted


class DryRunForm(forms.Form):
    pasted = forms.CharField(
        label=gettext_lazy("Assertion or request"),
        max_length=MOST_CHARACTERS + 8192,
        strip=False,
        help_text=gettext_lazy(
            "A JWT alone, a form body, a curl command, or a whole HTTP request. It is not stored, and not shown again."
        ),
        widget=forms.Textarea(
            attrs={"rows": 9, "class": "code", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"},
        ),
    )
    address = forms.CharField(
        label=gettext_lazy("Caller’s address"),
        max_length=60,
        help_text=gettext_lazy("The IP address the call comes from. Your own is filled in."),
    )
    subject = forms.CharField(
        label=gettext_lazy("For whom"), max_length=320, required=False, help_text=gettext_lazy("E-mail address or UUID")
    )
    audience = forms.CharField(label=gettext_lazy("Organization (audience)"), max_length=200, required=False)
    scope = forms.CharField(
        label=gettext_lazy("Scopes"),
        max_length=4000,
        required=False,
        help_text=gettext_lazy("With spaces between them. Empty: the app’s default scopes."),
    )
    expires_in = forms.CharField(
        label=gettext_lazy("Lifetime in seconds"),
        max_length=20,
        required=False,
        help_text=gettext_lazy("Empty: the app’s maximum."),
    )

    def clean_pasted(self) -> PastedRequest | str:
        try:
            return parse_pasted(self.cleaned_data["pasted"])
        except ValueError:
            raise ValidationError(_("The quotation marks of this command do not close. Paste it whole.")) from None

    def clean_address(self) -> IPAddress:
        address = parsed_address(self.cleaned_data["address"].strip())
        if address is None:
            raise ValidationError(_("This is not an IP address, such as 192.0.2.1."))
        return address

    def request(self) -> PastedRequest:
        """The pasted request, or one that is made of the pasted assertion and the other fields."""
        values: dict[str, Any] = self.cleaned_data
        pasted = values["pasted"]
        if isinstance(pasted, PastedRequest):
            return pasted
        subject_type = urns.SUBJECT_USER_EMAIL if "@" in values["subject"] else urns.SUBJECT_USER_UUID
        return PastedRequest(
            (
                ("grant_type", urns.GRANT_TOKEN_EXCHANGE),
                ("client_assertion_type", urns.CLIENT_ASSERTION_JWT_BEARER),
                ("client_assertion", pasted),
                ("subject_token", values["subject"].strip()),
                ("subject_token_type", subject_type),
                ("audience", values["audience"]),
                ("scope", values["scope"]),
                ("expires_in", values["expires_in"].strip()),
            )
        )

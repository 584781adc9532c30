"""Where an identity provider's keys come from: from asking the issuer, from an address, or pasted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.fields import JWKSField, converted_from_pem, is_address_like, is_safe_to_show_again
from exchange_apps.domain.jwk import KeyProblemCode


class ProviderKeySource(models.TextChoices):
    ISSUER = "issuer", gettext_lazy("Ask the issuer")
    URI = "uri", gettext_lazy("JWKS URI")
    PASTED = "keys", gettext_lazy("Paste keys")


class ProviderKeysForm(AuditedModelForm):
    key_source = forms.ChoiceField(
        label=gettext_lazy("Keys come from"),
        choices=ProviderKeySource.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Most issuers publish where their keys are (OpenID Connect Discovery). Paste them where the issuer cannot "
            "be reached from here."
        ),
    )
    jwks = JWKSField(
        label=gettext_lazy("Public keys (JWKS)"),
        required=False,
        help_text=gettext_lazy("A JSON object with a “keys” array: RSA from 2048 bits, or EC P-256."),
    )
    jwks_uri = forms.CharField(
        label=gettext_lazy("JWKS URI"),
        required=False,
        widget=forms.URLInput(attrs={"class": "code", "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("An https address that publishes the issuer’s keys."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("key_source", self._stored_source())

    def _stored_source(self) -> ProviderKeySource:
        if self.instance.jwks is not None:
            return ProviderKeySource.PASTED
        return ProviderKeySource.URI if self.instance.jwks_uri else ProviderKeySource.ISSUER

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        source = cleaned.get("key_source")
        if source != ProviderKeySource.PASTED:
            self._leave_pasted(cleaned)
        elif "jwks" not in self.errors and not cleaned.get("jwks"):
            self.add_error("jwks", _("Paste the public keys of the issuer."))
        if source != ProviderKeySource.URI:
            self.errors.pop("jwks_uri", None)
            cleaned["jwks_uri"] = ""
        elif not cleaned.get("jwks_uri") and "jwks_uri" not in self.errors:
            self.add_error("jwks_uri", _("Give the https address that publishes the keys."))
        self._hide_what_may_be_secret()
        return cleaned

    def _leave_pasted(self, cleaned: dict[str, Any]) -> None:
        """What stands in the field that was not chosen is left out, unless it is a private key: that has to be said."""
        unused = self.errors.pop("jwks", None)
        cleaned["jwks"] = None
        for error in unused.as_data() if unused else ():
            if error.code == KeyProblemCode.PRIVATE_MATERIAL:
                self.add_error("key_source", _("In “Paste keys” stood a private key. %s") % error.messages[0])
                break

    def _hide_what_may_be_secret(self) -> None:
        """Text goes back into the form only where it cannot be a secret; PEM goes back as a key set."""
        pasted = self.data.get("jwks", "")
        if converted := converted_from_pem(pasted):
            self.put("jwks", converted)
        elif pasted and not is_safe_to_show_again(pasted):
            self.put("jwks", "")
        if not is_address_like(self.data.get("jwks_uri", "")):
            self.put("jwks_uri", "")

    def put(self, name: str, text: str) -> None:
        self.data = data = self.data.copy()  # type: ignore[attr-defined]
        data[name] = text

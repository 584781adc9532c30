"""Where an app's keys come from: pasted, or fetched from an address. What is not chosen is kept until it is saved."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.fields import JWKSField, converted_from_pem, is_address_like, is_safe_to_show_again
from exchange_apps.admin.key_preview import removed_keys
from exchange_apps.domain.jwk import JWKSet, KeyProblemCode
from exchange_apps.models import ApplicationKey, ExchangeApplication
from exchange_apps.services.applications import check_keys_are_own, check_uri


class KeySource(models.TextChoices):
    PASTED = "keys", gettext_lazy("Paste keys")
    URI = "uri", gettext_lazy("JWKS URI")


class KeySourceForm(AuditedModelForm):
    key_source = forms.ChoiceField(
        label=gettext_lazy("Keys come from"),
        choices=KeySource.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose where the keys come from.")},
    )
    jwks = JWKSField(
        label=gettext_lazy("Public keys (JWKS)"),
        required=False,
        help_text=gettext_lazy(
            "A JSON object with a “keys” array: RSA from 2048 bits, or EC P-256; each key with its own kid."
        ),
    )
    jwks_uri = forms.CharField(
        label=gettext_lazy("JWKS URI"),
        required=False,
        widget=forms.URLInput(
            attrs={
                "class": "code",
                "spellcheck": "false",
                "autocomplete": "off",
                "placeholder": "https://login.example.com/.well-known/jwks.json",
            }
        ),
        help_text=gettext_lazy(
            "An https address that publishes the keys. It is fetched when you save, and again before it is stale. "
            "While it cannot be reached, the last good set serves for 24 hours."
        ),
    )

    accept_removed_keys = forms.BooleanField(
        label=gettext_lazy("Remove them all the same: what they sign is refused from now on"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.leaving: list[ApplicationKey] = []
        self.was_converted = False
        self.initial.setdefault("key_source", KeySource.URI if self.instance.jwks_uri else KeySource.PASTED)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        match cleaned.get("key_source"):
            case KeySource.URI:
                self._take_uri(cleaned)
            case KeySource.PASTED:
                self._take_pasted(cleaned)
        self._hide_what_may_be_secret()
        if not {"key_source", "jwks", "jwks_uri"} & set(self.errors):
            self._ask_about_removed_keys(cleaned)
        return cleaned

    def _take_pasted(self, cleaned: dict[str, Any]) -> None:
        self.instance.jwks_uri = cleaned["jwks_uri"] = ""
        self.errors.pop("jwks_uri", None)
        if "jwks" in self.errors:
            return
        self.instance.jwks = cleaned.get("jwks")
        if not self.instance.jwks:
            self.add_error("jwks", _("Paste the public keys this app signs with."))
            return
        self._ask(check_keys_are_own, self.instance)

    def _take_uri(self, cleaned: dict[str, Any]) -> None:
        """What stands in the other field is left out, unless it is a private key: that has to be said."""
        unused = self.errors.pop("jwks", None)
        self.instance.jwks = cleaned["jwks"] = None
        for error in unused.as_data() if unused else ():
            if error.code == KeyProblemCode.PRIVATE_MATERIAL:
                self.add_error("key_source", _("In “Paste keys” stood a private key. %s") % error.messages[0])
                break
        if "jwks_uri" in self.errors:
            return
        if not cleaned.get("jwks_uri"):
            self.add_error("jwks_uri", _("Give the https address that publishes the keys."))
            return
        self._ask(check_uri, cleaned["jwks_uri"])

    def _ask_about_removed_keys(self, cleaned: dict[str, Any]) -> None:
        """A key that signed lately goes only when somebody says so. What an address publishes is not known yet."""
        if self.instance.jwks is None:
            return
        keys = JWKSet.parse(self.instance.jwks).keys
        self.leaving = removed_keys(self._stored(), keys, now=timezone.now())
        if self.leaving and not cleaned.get("accept_removed_keys"):
            kids = ", ".join(key.kid for key in self.leaving)
            text = ngettext(
                "The key %s signed within the last 24 hours and is missing here. First let old and new stand together.",
                "The keys %s signed within the last 24 hours and are missing here. First let all stand together.",
                len(self.leaving),
            )
            self.add_error("accept_removed_keys", text % kids)

    def _stored(self) -> ExchangeApplication:
        """The app as it is now; the form has put its input into the instance already."""
        app: ExchangeApplication = self.instance
        if app._state.adding:
            return app
        return ExchangeApplication.objects.select_related("key_set").get(pk=app.pk)

    def _ask(self, check: Any, subject: Any) -> None:
        """The service refuses it anyway; asked here, the refusal stands beside the field."""
        try:
            check(subject)
        except ValidationError as refusal:
            self.add_error(None, refusal)

    def _update_errors(self, errors: ValidationError) -> None:
        """The model misses a source where this form refused one, and has said why."""
        found = getattr(errors, "error_dict", None)
        if found is not None and {"key_source", "jwks", "jwks_uri"} & set(self.errors):
            errors = ValidationError({name: found[name] for name in found if name not in ("jwks", "jwks_uri")})
        super()._update_errors(errors)

    def _hide_what_may_be_secret(self) -> None:
        """Text goes back into the form only where it cannot be a secret; PEM goes back as a key set."""
        pasted = self.data.get("jwks", "")
        if converted := converted_from_pem(pasted):
            self._put("jwks", converted)
            self.was_converted = "jwks" in self.errors
        elif pasted and not is_safe_to_show_again(pasted):
            self._blank("jwks")
        if not is_address_like(self.data.get("jwks_uri", "")):
            self._blank("jwks_uri")

    def _blank(self, name: str) -> None:
        self._put(name, "")

    def _put(self, name: str, text: str) -> None:
        self.data = data = self.data.copy()  # type: ignore[attr-defined]
        data[name] = text

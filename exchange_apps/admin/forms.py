"""The form of a token exchange app: one page, no wizard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.access import Access
from exchange_apps.admin.fields import (
    AddressLinesField,
    JWKSField,
    ScopesField,
    converted_from_pem,
    is_safe_to_show_again,
)
from exchange_apps.models import ExchangeApplication, Organization, Scope
from exchange_apps.services.applications import check_keys_are_own

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One row of the scope table."""

    scope: Scope
    may_grant: bool
    by_default: bool


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


class ApplicationForm(AuditedModelForm):
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
    )
    jwks = JWKSField(
        label=gettext_lazy("Public keys (JWKS)"),
        help_text=gettext_lazy(
            "A JSON object with a “keys” array: RSA from 2048 bits, or EC P-256; each key with its own kid."
        ),
        error_messages={"required": gettext_lazy("Paste the public keys this app signs with.")},
    )
    grantable_scopes = ScopesField(
        label=gettext_lazy("May grant"),
        error_messages={"required": gettext_lazy("Choose at least one scope the app may grant.")},
    )
    default_scopes = ScopesField(label=gettext_lazy("By default"), required=False)
    exchange_allowed_ips = AddressLinesField(
        label=gettext_lazy("Allowed IPs for exchange requests"),
        help_text=gettext_lazy(
            "Who may call the token endpoint for this app. One address or range per line; empty: anyone."
        ),
    )
    token_allowed_ips = AddressLinesField(
        label=gettext_lazy("Allowed IPs for minted token use"),
        help_text=gettext_lazy(
            "Where this app’s tokens may be used from. One address or range per line; empty: anywhere."
        ),
    )

    class Meta:
        model = ExchangeApplication
        fields: ClassVar[list[str]] = [
            "name",
            "description",
            "enabled",
            "jwks",
            "grantable_scopes",
            "default_scopes",
            "exchange_allowed_ips",
            "token_allowed_ips",
            "max_token_ttl",
            "max_assertion_lifetime",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.organization is not None and self.instance._state.adding:
            self.instance.organization = self.organization
        # An app whose keys are fetched from an address has none pasted; pasting some takes their place
        self.fields["jwks"].required = not self.instance.jwks_uri
        self.catalogue = list(Scope.objects.all())
        self.was_converted = False
        for name in ("grantable_scopes", "default_scopes"):
            self.fields[name].choices = [(scope.name, scope.label) for scope in self.catalogue]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        same = ExchangeApplication.objects.filter(organization=self.instance.organization, name=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another app of this organization has this name."))
        return name

    def clean_description(self) -> str:
        text: str = self.cleaned_data["description"]
        if "PRIVATE KEY-----" in text:
            self._blank("description")
            raise ValidationError(_("A private key does not belong here. Treat it as leaked, and replace it."))
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        beyond = sorted(set(cleaned.get("default_scopes", ())) - set(cleaned.get("grantable_scopes", ())))
        if beyond and "grantable_scopes" in cleaned:
            self.add_error("default_scopes", _("Not among the scopes it may grant: %s.") % ", ".join(beyond))
        if "jwks" in self.errors:
            self._mend_pasted_keys()
        elif cleaned.get("jwks"):
            self.instance.jwks_uri = ""
            self._check_keys_are_own(cleaned["jwks"])
        return cleaned

    def _check_keys_are_own(self, document: Any) -> None:
        """The service refuses foreign keys anyway; asked here, the refusal stands beside the field."""
        self.instance.jwks = document
        try:
            check_keys_are_own(self.instance)
        except ValidationError as refusal:
            self.add_error(None, refusal)

    def _mend_pasted_keys(self) -> None:
        """A refused paste goes back into the form only where it cannot be a secret; PEM goes back as a key set."""
        pasted = self.data.get("jwks", "")
        if converted := converted_from_pem(pasted):
            self._put("jwks", converted)
            self.was_converted = True
        elif not is_safe_to_show_again(pasted):
            self._blank("jwks")

    def _blank(self, name: str) -> None:
        self._put(name, "")

    def _put(self, name: str, text: str) -> None:
        self.data = data = self.data.copy()  # type: ignore[attr-defined]
        data[name] = text

    def scope_groups(self) -> Iterator[tuple[str, list[ScopeChoice], int]]:
        """The catalogue by group, each scope with its two boxes, and how many of a group may be granted."""
        granted, default = (set(self[name].value() or ()) for name in ("grantable_scopes", "default_scopes"))
        for group, scopes in groupby(self.catalogue, key=lambda scope: scope.group):
            rows = [ScopeChoice(scope, scope.name in granted, scope.name in default) for scope in scopes]
            yield group, rows, sum(row.may_grant for row in rows)

    def forgotten_scopes(self) -> list[str]:
        """Scopes the app still has but the catalogue no longer: they go with the next change."""
        return sorted(set(self.instance.grantable_scopes) - {scope.name for scope in self.catalogue})

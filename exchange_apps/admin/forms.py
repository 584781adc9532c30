"""The form of a token exchange app: one page, no wizard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.admin.fields import AddressLinesField, ScopesField
from exchange_apps.admin.key_source import KeySourceForm
from exchange_apps.admin.widgets import LifetimeInput
from exchange_apps.models import ExchangeApplication, Scope


@dataclass(frozen=True, slots=True)
class ScopeChoice:
    """One row of the scope table."""

    scope: Scope
    may_grant: bool
    by_default: bool


class ApplicationForm(KeySourceForm):
    description = forms.CharField(
        label=gettext_lazy("Description"), required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2})
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
            "jwks_uri",
            "grantable_scopes",
            "default_scopes",
            "exchange_allowed_ips",
            "token_allowed_ips",
            "max_token_ttl",
            "max_assertion_lifetime",
        ]
        widgets: ClassVar[dict[str, Any]] = {
            "max_token_ttl": LifetimeInput(presets=(300, 900, 3_600, 28_800, 86_400)),
            "max_assertion_lifetime": LifetimeInput(presets=(60, 300, 3_600)),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.organization is not None and self.instance._state.adding:
            self.instance.organization = self.organization
        if not self.instance._state.adding:
            self.fields.pop("enabled", None)  # a switch of its own: a form left open must not turn it back
        self.catalogue = list(Scope.objects.all())
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
        return cleaned

    def scope_groups(self) -> Iterator[tuple[str, list[ScopeChoice], int]]:
        """The catalogue by group, each scope with its two boxes, and how many of a group may be granted."""
        granted, default = (set(self[name].value() or ()) for name in ("grantable_scopes", "default_scopes"))
        for group, scopes in groupby(self.catalogue, key=lambda scope: scope.group):
            rows = [ScopeChoice(scope, scope.name in granted, scope.name in default) for scope in scopes]
            yield group, rows, sum(row.may_grant for row in rows)

    def forgotten_scopes(self) -> list[str]:
        """Scopes the app still has but the catalogue no longer: they go with the next change."""
        return sorted(set(self.instance.grantable_scopes) - {scope.name for scope in self.catalogue})

"""The form of an identity provider: one page, no wizard."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from exchange_apps.admin.fields import AddressLinesField
from exchange_apps.admin.policy_field import PolicyField, values_in, with_plain_line_ends
from exchange_apps.admin.policy_inputs import first_draft, read_drafts, take_step
from exchange_apps.admin.provider_keys import ProviderKeysForm
from exchange_apps.admin.trust_preview import FlipGroup, accepted_of, flip_groups, what_if
from exchange_apps.admin.widgets import LifetimeInput
from exchange_apps.domain.identity_presets import PROFILES, IssuerProfile, Preset, profile_for
from exchange_apps.domain.policy_draft import DraftStatement, drafts_of, values_of
from exchange_apps.domain.trust_linter import Finding, Severity
from exchange_apps.domain.yaml_writing import write_yaml
from exchange_apps.models import IdentityProvider, Scope
from exchange_apps.services.identity_providers import check_issuer, findings_for
from exchange_apps.services.trust_what_if import Accepted, WhatIf

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class LinesField(forms.CharField):
    """One value a line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 2, "class": "code", "spellcheck": "false"}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in super().clean(value).splitlines()]
        return list(dict.fromkeys(line for line in lines if line))


class NamesField(forms.MultipleChoiceField):
    """Any names: which ones count is known only when everything else is."""

    def valid_value(self, value: Any) -> bool:
        return len(str(value)) <= 64


class ProviderForm(ProviderKeysForm):
    preset = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=[(preset.value, profile.label) for preset, profile in PROFILES.items()],
        widget=forms.RadioSelect,
        initial=Preset.GITHUB_ACTIONS.value,
    )
    issuer = forms.CharField(
        label=gettext_lazy("Issuer"),
        required=False,
        max_length=500,
        widget=forms.TextInput(
            attrs={"class": "code", "spellcheck": "false", "autocomplete": "off", "inputmode": "url"}
        ),
    )
    audiences = LinesField(
        label=gettext_lazy("Audiences"),
        help_text=gettext_lazy(
            "What the job has to ask for: aud must hold one of these. One per line. One of your own keeps tokens that "
            "were made for somebody else out."
        ),
    )
    policy = PolicyField(label=gettext_lazy("Policy"))
    policy_edited = forms.CharField(required=False, widget=forms.HiddenInput)
    acknowledge = NamesField(label=gettext_lazy("Warnings"), required=False)
    accept_flips = forms.BooleanField(
        label=gettext_lazy("Save it all the same: what is listed above is decided otherwise from then on"),
        required=False,
    )
    exchange_allowed_ips = AddressLinesField(
        label=gettext_lazy("Allowed IPs for exchange requests"),
        help_text=gettext_lazy("Where jobs may call the token endpoint from. One address or range per line."),
    )
    token_allowed_ips = AddressLinesField(
        label=gettext_lazy("Allowed IPs for minted token use"),
        help_text=gettext_lazy("Where the tokens may be used from. One address or range per line."),
    )

    class Meta:
        model = IdentityProvider
        fields: ClassVar[list[str]] = [
            "name",
            "preset",
            "issuer",
            "jwks",
            "jwks_uri",
            "audiences",
            "policy",
            "token_ttl",
            "exchange_allowed_ips",
            "token_allowed_ips",
            "mode",
            "enabled",
        ]
        widgets: ClassVar[dict[str, Any]] = {
            "mode": forms.RadioSelect,
            "token_ttl": LifetimeInput(presets=(300, 600, 1_800, 3_600)),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "mode": gettext_lazy(
                "Observing is for trying a policy on real jobs: each is decided and recorded, and refused all the same."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.findings: list[Finding] = []
        self.flips = WhatIf()
        if self.organization is not None and self.instance._state.adding:
            self.instance.organization = self.organization
        self.drafts = self._read_drafts()
        self.initial.setdefault("acknowledge", self.instance.acknowledged)
        if self.instance._state.adding:
            slug = self.organization.slug if self.organization else ""
            self.initial["audiences"] = [f"{settings.PUBLIC_URL}/{slug}"]
            self.initial["policy"] = values_of(self.drafts or [])
        elif self.instance.policy_text:
            self.initial["policy"] = self.instance.policy_text

    # --- the policy, as text and as rows --------------------------------------------------------------------------
    def _read_drafts(self) -> list[DraftStatement] | None:
        """The rows of the builder: as sent, where it was edited last, else as the text says; None if it says more."""
        if not self.is_bound:
            is_new = self.instance._state.adding
            return [first_draft(self.profile)] if is_new else drafts_of(self.instance.policy)
        in_rows, step = self.data.get("policy_edited") == "builder", self.data.get("b-do", "")
        drafts = read_drafts(self.data) if in_rows else drafts_of(values_in(self.data.get("policy", "")))  # type: ignore[arg-type]
        if drafts is not None and step:
            drafts = take_step(drafts, step, self.profile)
        if drafts is not None and (in_rows or step):
            self.put("policy", write_yaml(values_of(drafts)))
        return drafts

    @property
    def profile(self) -> IssuerProfile:
        """What is known of the kind of issuer that is chosen at present."""
        chosen = self.data.get("preset") if self.is_bound else self.instance.preset
        preset = Preset(chosen) if chosen in set(Preset) else Preset.GITHUB_ACTIONS
        return profile_for(preset, str(self["issuer"].value() or ""))

    def scope_groups(self) -> list[tuple[str, list[Scope]]]:
        return [(group, list(scopes)) for group, scopes in groupby(self.catalogue, key=lambda scope: scope.group)]

    @property
    def catalogue(self) -> list[Scope]:
        if not hasattr(self, "_catalogue"):
            self._catalogue = list(Scope.objects.all())
        return self._catalogue

    # --- checks -----------------------------------------------------------------------------------------------------
    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"].strip()
        same = IdentityProvider.objects.filter(organization=self.instance.organization, name=name)
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another identity provider of this organization has this name."))
        return name

    def clean_issuer(self) -> str:
        """Nothing stands for the preset's own; of CircleCI the organization's UUID is enough."""
        issuer: str = self.cleaned_data["issuer"].strip()
        profile = PROFILES.get(self.cleaned_data.get("preset", ""))
        if profile is None:
            return issuer
        if profile.preset is Preset.CIRCLECI and _UUID.fullmatch(issuer):
            return f"https://oidc.circleci.com/org/{issuer.lower()}"
        if not issuer and not profile.issuer:
            raise ValidationError(_("Name the issuer: %s.") % profile.issuer_hint)
        return issuer or profile.issuer

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.refusal is None and not {"preset", "issuer", "key_source", "jwks", "jwks_uri"} & set(self.errors):
            try:
                check_issuer(self.instance)
            except ValidationError as refusal:
                self.add_error(None, refusal)
        if "policy" in self.cleaned_data and "preset" in self.cleaned_data:
            self._lint()
        if not set(self.errors) - {"acknowledge"}:
            self._foretell()
        text = with_plain_line_ends(self.data.get("policy", ""))
        self.instance.policy_text = "" if text == write_yaml(self.cleaned_data.get("policy")) else text

    def _lint(self) -> None:
        self.findings = findings_for(self.instance)
        if errors := self.errors_found:
            self.add_error("policy", [f"{_where(finding)}{finding.message}" for finding in errors])
        elif count := len([warning for warning in self.warnings if warning.name not in self.acknowledged_names]):
            sentence = ngettext("%d warning waits to be acknowledged.", "%d warnings wait to be acknowledged.", count)
            self.add_error("acknowledge", sentence % count)

    def _foretell(self) -> None:
        """What flips for recent tokens is looked at before it is saved."""
        self.flips = what_if(self.instance)
        count = len(self.flips.now_refused) + len(self.flips.now_accepted) + len(self.flips.changed)
        if count and not self.cleaned_data.get("accept_flips"):
            sentence = ngettext(
                "%d recent token would be decided otherwise. Look at it, and save again.",
                "%d recent tokens would be decided otherwise. Look at them, and save again.",
                count,
            )
            self.add_error("accept_flips", sentence % count)

    def flip_groups(self) -> list[FlipGroup]:
        return flip_groups(self.flips)

    def accepted(self) -> Accepted | None:
        """How many of the issuer's recent tokens the policy accepts as it stands."""
        if self.is_bound and "policy" not in self.cleaned_data:
            return None
        return None if not self.instance.issuer else accepted_of(self.instance)

    @property
    def errors_found(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity is Severity.WARNING]

    @property
    def acknowledged_names(self) -> list[str]:
        return self.cleaned_data.get("acknowledge", []) if self.is_bound else list(self.instance.acknowledged)

    def shown_warnings(self) -> list[tuple[Finding, str, bool]]:
        """Each with its place and whether it is ticked."""
        findings = self.warnings if self.is_bound else self._stored_warnings()
        return [(finding, _where(finding), finding.name in self.acknowledged_names) for finding in findings]

    def _stored_warnings(self) -> list[Finding]:
        if self.instance._state.adding:
            return []
        return [finding for finding in findings_for(self.instance) if finding.severity is Severity.WARNING]


def _where(finding: Finding) -> str:
    number = next((step + 1 for step in finding.path if isinstance(step, int)), None)
    return _("Statement %d: ") % number if number is not None and finding.path[0] == "policy" else ""

"""The dry run of an identity provider: paste an ID token, and see for every statement which of its rules failed.

Whoever may read the organization's settings may run it, auditors too: it changes nothing but the log.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from audit.origin import IPAddress, client_ip, parsed_address
from exchange_apps.admin.base import OrganizationScopedAdmin, access_in
from exchange_apps.admin.denial_help import denial_help
from exchange_apps.admin.receipt_lines import receipt_lines
from exchange_apps.domain.pasted_exchange import MOST_CHARACTERS
from exchange_apps.domain.receipt import redacted
from exchange_apps.models import IdentityProvider
from exchange_apps.services.workload_dry_run import ForetoldWorkload, foretell_workload, workload_request
from exchange_apps.sign_in import author_of

_MOST_CLAIMS = 50


class TokenForm(forms.Form):
    token = forms.CharField(
        label=gettext_lazy("ID token"),
        max_length=MOST_CHARACTERS,
        help_text=gettext_lazy("As the CI system gave it to the job. It is not stored, and not shown again."),
        widget=forms.Textarea(
            attrs={"rows": 7, "class": "code", "spellcheck": "false", "autocomplete": "off", "autocapitalize": "off"}
        ),
    )
    address = forms.CharField(
        label=gettext_lazy("Caller’s address"),
        max_length=60,
        help_text=gettext_lazy("The IP address the job calls from. Your own is filled in."),
    )

    def clean_address(self) -> IPAddress:
        address = parsed_address(self.cleaned_data["address"].strip())
        if address is None:
            raise ValidationError(_("This is not an IP address, such as 192.0.2.1."))
        return address


class ProviderDryRun(OrganizationScopedAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(sensitive_post_parameters()(self.dry_run_view))
        return [
            path("<uuid:object_id>/dry-run/", view, name="exchange_apps_identityprovider_dry_run"),
            *super().get_urls(),
        ]

    @sensitive_variables()
    def dry_run_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        found = self.get_queryset(request).select_related("organization", "key_set").filter(pk=object_id).first()
        if found is None or not self.has_view_permission(request, found):
            raise Http404
        provider: IdentityProvider = found
        form = TokenForm(request.POST if request.method == "POST" else None, initial={"address": client_ip(request)})
        context = {
            **self.admin_site.each_context(request),
            "title": _("Dry run of %s") % provider.name,
            "opts": self.opts,
            "provider": provider,
            "form": form,
        }
        if form.is_bound and form.is_valid():
            foretold = foretell_workload(
                workload_request(
                    form.cleaned_data["token"], provider=provider, organization=provider.organization.ref()
                ),
                organization=provider.organization.ref(),
                address=form.cleaned_data["address"],
                author=author_of(request),
            )
            context |= self._answer(request, foretold, provider)
        if form.is_bound:
            form.data = request.POST.dict() | {"token": ""}
        return render(request, "admin/provider_dry_run.html", context)

    def _answer(self, request: HttpRequest, foretold: ForetoldWorkload, provider: IdentityProvider) -> dict[str, Any]:
        denial, grant = foretold.denial, foretold.grant
        return {
            "foretold": foretold,
            "description": denial.description if denial else "",
            "lines": receipt_lines(foretold.receipt.as_json(), provider.organization_id),
            "statements": _statement_rows(foretold, provider),
            "may_change": access_in(request).may_change(provider.organization_id),
            "help": denial
            and denial_help(
                denial.reason,
                client_id=provider.pk,
                organization_id=provider.organization_id,
                may_change=access_in(request).may_change(provider.organization_id),
                reverse=lambda name, *args: reverse(name, args=args),
            ),
            "scopes": grant.scopes.render() if grant else "",
            "lifetime": grant.lifetime if grant else 0,
            "decoded": {"header": _shown(foretold.header), "claims": _shown(foretold.claims)},
        }


def _statement_rows(foretold: ForetoldWorkload, provider: IdentityProvider) -> list[dict[str, Any]]:
    """Each statement up to the one that decides: its rule that failed, what that expects and what was seen."""
    return [
        {"number": number, "name": statement.get("name", ""), "row": row}
        for number, (row, statement) in enumerate(zip(foretold.statements.rows, provider.policy, strict=False), start=1)
    ]


def _shown(values: dict[str, Any]) -> list[tuple[str, str]]:
    """Each value short and without anything that looks like a credential; never the signature."""
    found = list(values.items())[:_MOST_CLAIMS]
    return [(redacted(name), redacted(json.dumps(value, ensure_ascii=False))) for name, value in found]

"""What the form of an identity provider asks while it is filled in: the linter's word, the issuer's keys."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from exchange_apps.admin.base import OrganizationScopedAdmin, organization_of
from exchange_apps.admin.key_preview import preview_issuer
from exchange_apps.models import IdentityProvider
from exchange_apps.services.trust_decisions import flush_decisions


class ProviderEditor(OrganizationScopedAdmin):
    def get_urls(self) -> list[URLPattern]:
        def pair(route: str, view: Any, name: str) -> list[URLPattern]:
            """Of a new provider, and of one that is there."""
            guarded = self.admin_site.admin_view(sensitive_post_parameters("jwks", "jwks_uri")(view))
            name = f"exchange_apps_identityprovider_{name}"
            return [
                path(f"{route}/", guarded, {"object_id": None}, f"{name}_new"),
                path(f"<uuid:object_id>/{route}/", guarded, {}, name),
            ]

        return [*pair("editor", self.editor_view, "editor"), *pair("ask", self.ask_view, "ask"), *super().get_urls()]

    def _provider(self, request: HttpRequest, object_id: UUID) -> IdentityProvider:
        """For a change; 404 for what belongs to others."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).select_related("organization", "key_set").filter(pk=object_id).first()
        if found is None:
            raise Http404
        provider: IdentityProvider = found
        return provider

    def _subject(self, request: HttpRequest, object_id: UUID | None) -> IdentityProvider:
        """The provider that the form is about; one not saved yet where there is none."""
        if object_id is not None:
            return self._provider(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        return IdentityProvider(organization=organization_of(request))

    def editor_view(self, request: HttpRequest, object_id: UUID | None) -> HttpResponse:
        """Judge what stands in the form, and bring rows and text in step: what was edited last leads."""
        provider = self._subject(request, object_id)
        if request.method != "POST":
            return HttpResponseRedirect(self.address("changelist"))
        flush_decisions()
        form = self.get_form(request, provider, change=object_id is not None)(request.POST, instance=provider)
        form.is_valid()
        in_rows, is_step = request.POST.get("policy_edited") == "builder", "b-do" in request.POST
        context = {"form": form, "swap_text": in_rows or is_step, "swap_rows": not in_rows or is_step}
        return render(request, "portal/provider/editor_answer.html", context)

    def ask_view(self, request: HttpRequest, object_id: UUID | None) -> HttpResponse:
        """Ask the issuer that stands in the form, just now."""
        self._subject(request, object_id)
        organization = organization_of(request)
        if request.method != "POST" or organization is None:
            return HttpResponseRedirect(self.address("changelist"))
        form = self.get_form(request, None)({**request.POST.dict(), "name": "-"})
        form.is_valid()
        issuer = form.cleaned_data.get("issuer", "")
        if "issuer" in form.errors and not issuer:
            context: dict[str, Any] = {"refusal": " ".join(form.errors["issuer"])}
        elif not issuer:
            context = {"refusal": _("Name the issuer.")}
        else:
            context = preview_issuer(issuer, organization, now=timezone.now())
        return render(request, "portal/key_preview.html", context)

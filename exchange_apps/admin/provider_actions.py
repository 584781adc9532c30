"""What is done to an identity provider beside its form: fetch its keys, switch it, enforce it, delete it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _

from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.key_actions import say_what_came_of_it
from exchange_apps.admin.provider_dry_run import ProviderDryRun
from exchange_apps.admin.provider_editor import ProviderEditor
from exchange_apps.models import IdentityProvider, ProviderMode
from exchange_apps.services.identity_providers import (
    disable_identity_provider,
    fetch_now,
    save_identity_provider,
)
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof


class ProviderActions(ProviderEditor, ProviderDryRun):
    delete_confirmation_template = "admin/delete_provider.html"

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str, **kwargs: Any) -> URLPattern:
            name = f"exchange_apps_identityprovider_{name}"
            found: URLPattern = path(f"<uuid:object_id>/{route}/", self.admin_site.admin_view(view), kwargs, name)
            return found

        return [
            page("fetch", self.fetch_view, "fetch"),
            page("off", self.off_view, "off"),
            page("on", self.on_view, "on", changes={"enabled": True}, said=_("“%s” is enabled.")),
            page(
                "enforce",
                self.on_view,
                "enforce",
                changes={"mode": ProviderMode.ENFORCE.value},
                said=_("“%s” mints tokens from now on."),
            ),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only owners delete a provider."""
        organization = organization_of(request)
        return organization is not None and access_in(request).owns(organization.pk) and self.is_here(request, obj)

    def fetch_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        provider = self._provider(request, object_id)
        if request.method == "POST" and provider.key_set is not None:
            tried = fetch_now(provider, now=timezone.now())
            say_what_came_of_it(request, provider.key_set, tried)
        return self._back(provider)

    def off_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """For emergencies: asks nobody who they are."""
        provider = self._provider(request, object_id)
        if request.method == "POST" and disable_identity_provider(provider, author=author_of(request)):
            messages.success(request, _("“%s” is disabled: its tokens are refused at once.") % provider.name)
        return self._back(provider)

    def on_view(self, request: HttpRequest, object_id: UUID, changes: dict[str, Any], said: str) -> HttpResponse:
        provider = self._provider(request, object_id)
        if request.method == "POST":
            require_recent_proof(request)
            self._change(request, provider, changes, said)
        return self._back(provider)

    def _change(self, request: HttpRequest, provider: IdentityProvider, changes: dict[str, Any], said: str) -> None:
        """What was acknowledged before stays so; should the linter have learnt more since, the form has to be used."""
        for name, value in changes.items():
            setattr(provider, name, value)
        try:
            save_identity_provider(provider, author=author_of(request), acknowledged=provider.acknowledged)
        except ValidationError as refusal:
            for sentence in refusal.messages:
                messages.error(request, sentence)
        else:
            messages.success(request, said % provider.name)

    def _back(self, provider: IdentityProvider) -> HttpResponse:
        return HttpResponseRedirect(self.address("change", provider.pk))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        provider = self.get_object(request, object_id)
        if provider is None or not self.has_delete_permission(request, provider):
            return super().delete_view(request, object_id, extra_context)
        typed = request.POST.get("name", "").strip()
        if request.method == "POST" and typed != provider.name:
            context = {**self.admin_site.each_context(request), "opts": self.opts, "object": provider}
            context |= {"title": _("Delete “%s”?") % provider.name, "typed": typed, "is_wrong": True}
            return render(request, self.delete_confirmation_template, context)
        return super().delete_view(request, object_id, extra_context)

"""What is done to an app as a whole, beside its form: switch it, end its tokens, delete it and bring it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.key_actions import KeyActions
from exchange_apps.services.application_states import (
    restorable_applications,
    restore_application,
    revoke_tokens_of,
    switch_application,
)
from exchange_apps.services.live_tokens import count_live_tokens
from exchange_apps.services.pruning import KEEP_DELETED_APPS
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof

_MOST_DELETED_SHOWN = 200


class ApplicationActions(KeyActions):
    delete_confirmation_template = "admin/delete_application.html"

    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str, **kwargs: Any) -> URLPattern:
            name = f"exchange_apps_exchangeapplication_{name}"
            found: URLPattern = path(route, self.admin_site.admin_view(view), kwargs, name)
            return found

        return [
            page("deleted/", self.deleted_view, "deleted"),
            page("<uuid:object_id>/restore/", self.restore_view, "restore"),
            page("<uuid:object_id>/on/", self.turn_view, "on", enabled=True),
            page("<uuid:object_id>/off/", self.turn_view, "off", enabled=False),
            page("<uuid:object_id>/revoke-tokens/", self.revoke_tokens_view, "revoke_tokens"),
            *super().get_urls(),
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only owners delete an app and bring it back."""
        organization = organization_of(request)
        return organization is not None and access_in(request).owns(organization.pk) and self.is_here(request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"may_restore": self.has_delete_permission(request), **(extra_context or {})}
        return super().changelist_view(request, context)

    def turn_view(self, request: HttpRequest, object_id: UUID, enabled: bool) -> HttpResponse:
        application = self._application(request, object_id)
        if request.method == "POST" and enabled:
            require_recent_proof(request)  # disabling is for emergencies, and asks nobody
        if request.method == "POST" and switch_application(application, enabled=enabled, author=author_of(request)):
            sentence = _("“%s” is enabled.") if enabled else _("“%s” is disabled: exchanges are refused at once.")
            messages.success(request, sentence % application.name)
        return HttpResponseRedirect(self.address("change", application.pk))

    def revoke_tokens_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        application = self._application(request, object_id)
        if request.method == "POST":
            require_recent_proof(request)
            revoked = revoke_tokens_of(application, author=author_of(request))
            text = ngettext("%d token is revoked, for good.", "%d tokens are revoked, for good.", revoked)
            messages.success(request, text % revoked)
        return HttpResponseRedirect(self.address("change", application.pk))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        application = self.get_object(request, object_id)
        if application is None or not self.has_delete_permission(request, application):
            return super().delete_view(request, object_id, extra_context)
        context = {"live": count_live_tokens(application, now=timezone.now()), "days": KEEP_DELETED_APPS.days}
        if request.method == "POST" and request.POST.get("name", "").strip() != application.name:
            context |= {"typed": request.POST.get("name", ""), "is_wrong": True}
            shown = {**self.admin_site.each_context(request), "opts": self.opts, "object": application, **context}
            return render(request, self.delete_confirmation_template, shown)
        return super().delete_view(request, object_id, context)

    # --- back from deletion -----------------------------------------------------------------------------------------
    def deleted_view(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Deleted apps"),
            "opts": self.opts,
            "days": KEEP_DELETED_APPS.days,
            "apps": [
                {"app": app, "until": app.deleted_at + KEEP_DELETED_APPS}
                for app in self._deleted(request).order_by("-deleted_at")[:_MOST_DELETED_SHOWN]
            ],
        }
        return render(request, "admin/deleted_applications.html", context)

    def restore_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        application = self._deleted(request).filter(pk=object_id).first()
        if application is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.address("deleted"))
        require_recent_proof(request)
        name = request.POST.get("name", "").strip() or application.name
        try:
            restore_application(application, name=name, author=author_of(request))
        except ValidationError as refusal:
            for sentence in refusal.messages:
                messages.error(request, sentence)
            return HttpResponseRedirect(self.address("deleted"))
        messages.success(request, _("“%s” is back, and disabled. Enable it when it may mint again.") % name)
        return HttpResponseRedirect(self.address("change", application.pk))

    def _deleted(self, request: HttpRequest) -> Any:
        """The deleted apps that an owner may still restore."""
        organization = organization_of(request)
        if organization is None or not self.has_delete_permission(request):
            raise PermissionDenied
        return restorable_applications(organization, now=timezone.now())

"""What an owner or admin does to an app's keys beside the form: fetch them now, switch one off or on."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters

from exchange_apps.admin.base import OrganizationScopedAdmin, organization_of
from exchange_apps.admin.key_panel import host_of, usable_kids
from exchange_apps.admin.key_preview import preview_text, preview_uri
from exchange_apps.domain.key_freshness import REFETCH_GAP
from exchange_apps.models import ApplicationKey, ExchangeApplication, RemoteKeySet
from exchange_apps.services.applications import fetch_now
from exchange_apps.services.kill_switch import switch_key_off, switch_key_on
from exchange_apps.services.live_tokens import count_live_tokens
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof


class KeyActions(OrganizationScopedAdmin):
    def get_urls(self) -> list[URLPattern]:
        def page(route: str, view: Any, name: str, **kwargs: Any) -> URLPattern:
            name = f"exchange_apps_exchangeapplication_{name}"
            found: URLPattern = path(f"<uuid:object_id>/{route}/", self.admin_site.admin_view(view), kwargs, name)
            return found

        def preview(route: str, view: Any, name: str) -> list[URLPattern]:
            """Of a new app, and of one that is there."""
            guarded = self.admin_site.admin_view(sensitive_post_parameters("jwks", "jwks_uri")(view))
            name = f"exchange_apps_exchangeapplication_{name}"
            return [
                path(f"{route}/", guarded, {"object_id": None}, f"{name}_new"),
                path(f"<uuid:object_id>/{route}/", guarded, {}, name),
            ]

        return [
            *preview("preview-keys", self.preview_keys_view, "preview_keys"),
            *preview("preview-uri", self.preview_uri_view, "preview_uri"),
            page("fetch", self.fetch_view, "fetch"),
            page("keys/<uuid:key_id>/off", self.switch_view, "key_off", off=True),
            page("keys/<uuid:key_id>/on", self.switch_view, "key_on", off=False),
            *super().get_urls(),
        ]

    def _application(self, request: HttpRequest, object_id: UUID) -> ExchangeApplication:
        if not self.has_change_permission(request):
            raise PermissionDenied
        found = self.get_queryset(request).select_related("organization", "key_set").filter(pk=object_id).first()
        if found is None:
            raise Http404
        application: ExchangeApplication = found
        return application

    def _subject(self, request: HttpRequest, object_id: UUID | None) -> ExchangeApplication:
        """The app whose keys are previewed; one not saved yet where there is none."""
        if object_id is not None:
            return self._application(request, object_id)
        if request.method != "POST" or not self.has_add_permission(request):
            raise PermissionDenied
        return ExchangeApplication(organization=organization_of(request))

    def preview_keys_view(self, request: HttpRequest, object_id: UUID | None) -> HttpResponse:
        application = self._subject(request, object_id)
        context = preview_text(request.POST.get("jwks", ""), application, now=timezone.now())
        return render(request, "portal/key_preview.html", context)

    def preview_uri_view(self, request: HttpRequest, object_id: UUID | None) -> HttpResponse:
        application = self._subject(request, object_id)
        context = preview_uri(request.POST.get("jwks_uri", "").strip(), application, now=timezone.now())
        return render(request, "portal/key_preview.html", context)

    def fetch_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        application = self._application(request, object_id)
        if request.method == "POST" and application.key_set is not None:
            tried = fetch_now(application, now=timezone.now())
            say_what_came_of_it(request, application.key_set, tried)
        return HttpResponseRedirect(self.address("change", application.pk))  # at its top, where the message is

    def switch_view(self, request: HttpRequest, object_id: UUID, key_id: UUID, off: bool) -> HttpResponse:
        application = self._application(request, object_id)
        key = application.key_history.filter(pk=key_id).first()
        if key is None:
            raise Http404
        address = self.address("change", application.pk)
        if request.method == "POST":
            require_recent_proof(request)
            self._switch(request, application, key, off)
            return HttpResponseRedirect(address)
        context = {
            "title": (_("Switch off the key “%s”?") if off else _("Switch on the key “%s” again?")) % key.kid,
            "app": application,
            "key": key,
            "off": off,
            "live": count_live_tokens(application, key_id=key.kid, now=timezone.now()) if off else None,
            "is_last": off and usable_kids(application) == {key.kid},
            "opts": self.opts,
            "address": f"{address}#keys",
        }
        return render(request, "admin/switch_key.html", {**self.admin_site.each_context(request), **context})

    def _switch(self, request: HttpRequest, application: ExchangeApplication, key: ApplicationKey, off: bool) -> None:
        if not off:
            switch_key_on(application, key.kid, author=author_of(request))
            messages.success(request, _("The key “%s” is switched on again. Revoked tokens stay revoked.") % key.kid)
            return
        revoked = switch_key_off(application, key.kid, author=author_of(request))
        count = ngettext("%d live token is revoked.", "%d live tokens are revoked.", revoked) % revoked
        messages.success(request, _("The key “%s” is switched off.") % key.kid + " " + count)


def say_what_came_of_it(request: HttpRequest, key_set: RemoteKeySet, tried: bool) -> None:
    """The outcome is in the row, whoever fetched; after too early a try, when the next one is possible."""
    host = host_of(key_set)
    if not tried and key_set.attempted_at is not None:
        waited = (timezone.now() - key_set.attempted_at).total_seconds()
        seconds = max(1, math.ceil(REFETCH_GAP - waited))
        text = ngettext(
            "%(host)s was asked less than a minute ago. The next fetch is possible in %(seconds)d second.",
            "%(host)s was asked less than a minute ago. The next fetch is possible in %(seconds)d seconds.",
            seconds,
        )
        messages.info(request, text % {"host": host, "seconds": seconds})
    elif key_set.failing_since is not None:
        messages.warning(request, _("The keys could not be fetched. %s") % key_set.last_sentence)
    else:
        say_success(request, key_set, host)


def say_success(request: HttpRequest, key_set: RemoteKeySet, host: str) -> None:
    values = {"host": host, "status": key_set.last_status, "ms": key_set.last_elapsed_ms}
    if key_set.last_status == 304:
        messages.success(request, _("%(host)s says that nothing changed (HTTP 304, %(ms)s ms).") % values)
        return
    values["keys"] = count = len((key_set.document or {}).get("keys", ()))
    text = ngettext(
        "%(keys)d key fetched from %(host)s (HTTP %(status)s, %(ms)s ms).",
        "%(keys)d keys fetched from %(host)s (HTTP %(status)s, %(ms)s ms).",
        count,
    )
    messages.success(request, text % values)
    if bad := len(key_set.problems):
        messages.warning(
            request, ngettext("%d key cannot be used; see below.", "%d keys cannot be used; see below.", bad) % bad
        )

"""The portal: the one admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from config.organization_prefix import lead_to_second_factor, reverse_outside

# Stock helpers of the admin that no screen of ours uses: fewer addresses, less to guard
_UNUSED = frozenset({"autocomplete", "jsi18n", "view_on_site", "password_change_done"})


class PortalAdminSite(admin.AdminSite):
    """Whoever belongs to an organization may enter, and operators; `is_staff` plays no part."""

    site_title = site_header = "Counterfoil"
    index_title = gettext_lazy("Overview")
    site_url = None
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Not the screens that Django's groups and allauth's tables bring along: they know no organizations."""
        if admin_class is None or not admin_class.__module__.startswith(("allauth.", "django.contrib.auth.")):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: Any) -> bool:
        access = request.organization_access
        return bool(request.user.is_active and (access.sees_everything or access.visible_organization_ids))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As the stock one, but a signed-in person without an organization is told so, not asked to sign in again."""
        guarded = super().admin_view(view, cacheable)

        def portal_view(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.organization_access.is_locked_out and not self.has_permission(request):
                return lead_to_second_factor(request)
            if request.user.is_authenticated and not self.has_permission(request):
                return render(request, "portal/ask_an_owner.html", {"title": _("No organization yet")}, status=403)
            response: HttpResponse = guarded(request, *args, **kwargs)
            return response

        return portal_view

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from config.request_page import request_page
        from exchange_apps.admin.dry_run import dry_run_page
        from exchange_apps.admin.profile import profile_page
        from exchange_apps.admin.saved_searches import edit_page, open_page, save_page
        from oidc_issuer.admin.federation import federation_page

        stock = [found for found in super().get_urls() if getattr(found, "name", None) not in _UNUSED]
        return [
            path("profile/", self.admin_view(profile_page), name="profile"),
            path("dry-run/", self.admin_view(dry_run_page), name="dry_run"),
            path("federation/", self.admin_view(federation_page), name="federation"),
            path("searches/save/", self.admin_view(save_page), name="save_search"),
            path("searches/<uuid:search_id>/", self.admin_view(open_page), name="saved_search"),
            path("searches/<uuid:search_id>/edit/", self.admin_view(edit_page), name="edit_saved_search"),
            path("requests/<uuid:request_id>", never_cache(request_page), name="request_page"),
            *stock,
        ]

    def each_context(self, request: Any) -> dict[str, Any]:
        from config.navigation import SEARCHED_FROM, destinations, navigation

        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": self.has_permission(request),
            "is_popup": False,
            "organization": request.organization,
            "role": role_name(request),
            "navigation": navigation(request),
            "destinations": (found := destinations(request)),
            "search_destinations": len(found) >= SEARCHED_FROM,
        }

    def index(self, request: Any, extra_context: dict[str, Any] | None = None) -> Any:
        from config.overview import overview

        context = self.each_context(request)
        if request.organization is not None:
            title = self.index_title
            return render(request, "admin/index.html", {**context, **overview(request), "title": title})
        if len(context["destinations"]) == 1:
            return HttpResponseRedirect(context["destinations"][0].url)
        return render(request, "portal/organizations.html", {**context, "title": _("Choose an organization")})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """Our navigation has no level between the overview and the lists."""
        return HttpResponseRedirect(reverse("admin:index"))

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Never reached: allauth's page stands at the same address, before the site's."""
        raise Http404

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        raise Http404

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return HttpResponseRedirect(reverse_outside("account_change_password"))


def role_name(request: Any) -> str:
    if request.whole_access.sees_everything:
        return _("operator")
    role = request.organization and request.organization_access.roles.get(request.organization.id)
    return str(role.label) if role else ""

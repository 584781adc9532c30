"""The portal: the one admin site."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

# Stock helpers of the admin that no screen of ours uses: fewer addresses, less to guard
_UNUSED = frozenset({"autocomplete", "jsi18n", "view_on_site"})


class PortalAdminSite(admin.AdminSite):
    """Whoever belongs to an organization may enter, and operators; `is_staff` plays no part."""

    site_title = site_header = "Counterfoil"
    index_title = gettext_lazy("Overview")
    site_url = None
    enable_nav_sidebar = False

    def has_permission(self, request: Any) -> bool:
        access = request.organization_access
        return bool(request.user.is_active and (access.sees_everything or access.visible_organization_ids))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """As the stock one, but a signed-in person without an organization is told so, not asked to sign in again."""
        guarded = super().admin_view(view, cacheable)

        def portal_view(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                return render(request, "portal/ask_an_owner.html", {"title": _("No organization yet")}, status=403)
            response: HttpResponse = guarded(request, *args, **kwargs)
            return response

        return portal_view

    def get_urls(self) -> list[URLPattern | URLResolver]:
        from config.request_page import request_page

        stock = [found for found in super().get_urls() if getattr(found, "name", None) not in _UNUSED]
        return [
            path("logout/", never_cache(self.logout), name="logout"),
            path("requests/<uuid:request_id>", never_cache(request_page), name="request_page"),
            *stock,
        ]

    def each_context(self, request: Any) -> dict[str, Any]:
        from config.navigation import destinations, navigation

        return {
            "site_title": self.site_title,
            "site_header": self.site_header,
            "has_permission": self.has_permission(request),
            "is_popup": False,
            "organization": request.organization,
            "role": _role_name(request),
            "navigation": navigation(request),
            "destinations": destinations(request),
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

    @method_decorator((never_cache, sensitive_post_parameters("password")))
    def login(self, request: Any, extra_context: Any = None) -> Any:
        from exchange_apps.sign_in import SignInForm

        if request.user.is_authenticated and request.path in request.GET.get("next", ""):
            return HttpResponseRedirect(reverse("admin:index"))  # asked back to where it stands
        return LoginView.as_view(
            authentication_form=SignInForm,
            template_name="admin/login.html",
            next_page=reverse("admin:index"),
            redirect_authenticated_user=True,
            extra_context={"title": _("Sign in"), "site_title": self.site_title},
        )(request)

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from config.organization_prefix import reverse_outside

        return LogoutView.as_view(next_page=reverse_outside("admin:login"))(request)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        from exchange_apps.sign_in import OwnPasswordForm

        return PasswordChangeView.as_view(
            form_class=type("BoundPasswordForm", (OwnPasswordForm,), {"request": request}),
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), "title": _("Change password")},
        )(request)


def _role_name(request: Any) -> str:
    if request.whole_access.sees_everything:
        return _("operator")
    role = request.organization and request.organization_access.roles.get(request.organization.id)
    return str(role.label) if role else ""

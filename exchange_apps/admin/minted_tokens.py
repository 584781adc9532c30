"""Minted tokens: who has one, from which app, until when; to be looked at and ended, never to be changed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.moments import moment
from audit.paging import ChoiceFilter, ExactFilter
from audit.presentation import badge, code
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.token_life import life_of
from exchange_apps.admin.token_revocation import TokenRevocation
from exchange_apps.admin.token_trace import TokenTrace
from exchange_apps.admin.widgets import duration
from exchange_apps.models import ApplicationKey, ExchangeApplication, IdentityProvider, MintedToken, Role, User
from exchange_apps.services.minted_tokens import revoke
from exchange_apps.services.token_choice import CHOSEN_BY
from exchange_apps.sign_in import author_of


class AppFilter(ChoiceFilter):
    """From the table of apps, not from the tokens; nothing for those who may not read settings."""

    title, parameter_name, field_name = gettext_lazy("app"), "app", "application_id"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not model_admin.reads(request):
            return []
        apps = ExchangeApplication.objects.filter(organization=organization_of(request)).values_list("pk", "name")
        return [(str(pk), name) for pk, name in apps]

    def has_output(self) -> bool:
        return bool(self.lookup_choices)


_STATES = ("live", "expired", "revoked")


class StateFilter(ChoiceFilter):
    title, parameter_name = gettext_lazy("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("live", _("not over")), ("expired", _("expired")), ("revoked", _("revoked"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        state = self.value()
        return queryset.in_state(state, timezone.now()) if state in _STATES else queryset


class UserFilter(ExactFilter):
    """By e-mail; with an index of its own, since a person may have few among very many."""

    title, parameter_name = gettext_lazy("user (e-mail)"), "user"

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        email = (self.value() or "").strip()
        if not email:
            return queryset
        user = None if "\0" in email else User.objects.filter(email__iexact=email).first()
        return queryset.filter(user_id=user.pk) if user else queryset.none()


class KeyFilter(ExactFilter):
    """Only apps that ever had the key are looked at: the tokens have no index by it."""

    title, parameter_name = gettext_lazy("key id"), "key_id"

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        found = super().queryset(request, queryset)
        if not self.value():
            return found
        holders = ApplicationKey.objects.filter(
            kid=str(self.value()).strip().replace("\0", ""), application__organization=organization_of(request)
        )
        return found.filter(application_id__in=list(holders.values_list("application_id", flat=True)))


@admin.register(MintedToken)
class MintedTokenAdmin(TokenRevocation, TokenTrace):
    lead = gettext_lazy("What apps were given. The token itself is not kept, only its digest and last four characters.")
    empty_title = gettext_lazy("No token here")
    empty_text = gettext_lazy("Tokens appear as soon as an app exchanges an assertion.")
    list_display = ("ending", "shown_user", "shown_scopes", "shown_key", "state", "minted", "expires")
    list_filter = (StateFilter, AppFilter, UserFilter, KeyFilter)
    change_form_template = "admin/token_page.html"

    @admin.display(description=gettext_lazy("token"))
    def ending(self, token: MintedToken) -> SafeString:
        return format_html('<code class="nowrap">{}…{}</code>', settings.TOKEN_PREFIX, token.last_four)

    @admin.display(description=gettext_lazy("acts for"))
    def shown_user(self, token: Any) -> SafeString:
        return format_html(
            '<span class="whole">{}</span> <small>{}</small>', token.user_name, _("by %s") % token.app_name
        )

    @admin.display(description=gettext_lazy("scopes"))
    def shown_scopes(self, token: MintedToken) -> str:
        return " ".join(token.scopes)

    @admin.display(description=gettext_lazy("key id"))
    def shown_key(self, token: MintedToken) -> SafeString | str:
        return code(token.key_id)

    @admin.display(description=gettext_lazy("state"))
    def state(self, token: MintedToken) -> SafeString:
        if token.last_used_at is None:
            return state_badge(token)
        used = format_html("<small>{} {} {}</small>", _("used"), moment(token.last_used_at), token.last_used_ip or "")
        return format_html("{} {}", state_badge(token), used)

    @admin.display(description=gettext_lazy("minted"))
    def minted(self, token: MintedToken) -> SafeString | str:
        return moment(token.created_at)

    @admin.display(description=gettext_lazy("expires"))
    def expires(self, token: MintedToken) -> SafeString | str:
        lifetime = duration(int((token.expires_at - token.created_at).total_seconds()))
        return format_html("{} <small>{}</small>", moment(token.expires_at), _("lives %s") % lifetime)

    def with_related(self, rows: list[Any]) -> list[Any]:
        """A look-up for each table, and not a join: a token outlives its app, its provider and its user."""
        apps = ExchangeApplication.objects.in_bulk({row.application_id for row in rows if row.application_id})
        providers = IdentityProvider.objects.in_bulk(
            {row.identity_provider_id for row in rows if row.identity_provider_id}
        )
        users = User.objects.in_bulk({row.user_id for row in rows if row.user_id})
        for row in rows:
            user = users.get(row.user_id)
            if row.identity_provider_id is not None:
                provider = providers.get(row.identity_provider_id)
                row.app_name = provider.name if provider else _("(deleted identity provider)")
            else:
                app = apps.get(row.application_id)
                row.app_name = app.name if app else _("(deleted app)")
            if row.user_id is None:
                row.user_name = row.principal
            else:
                row.user_name = user.email if user else _("(deleted user)")
        return rows

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter if self.reads(request) else (StateFilter, KeyFilter)

    # --- who may ----------------------------------------------------------------------------------------------------
    def reads(self, request: HttpRequest) -> bool:
        organization = organization_of(request)
        return organization is not None and access_in(request).may_read(organization.pk)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[MintedToken]:
        organization = organization_of(request)
        if organization is None:
            return MintedToken.objects.none()
        return MintedToken.objects.visible_to(access_in(request)).filter(organization=organization)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return organization_of(request) is not None

    def has_view_permission(self, request: HttpRequest, obj: MintedToken | None = None) -> bool:
        organization = organization_of(request)
        if organization is None:
            return False
        return obj is None or self.reads(request) or obj.user_id == request.user.pk

    def may_revoke(self, request: HttpRequest, token: MintedToken) -> bool:
        """Whoever changes settings, and members their own; auditors change nothing."""
        access = access_in(request)
        if access.may_change(token.organization_id):
            return True
        return access.roles.get(token.organization_id) is Role.MEMBER and token.user_id == request.user.pk

    # --- pages ------------------------------------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = _("Minted tokens") if self.reads(request) else _("My tokens")
        chosen = {name: request.GET[name] for name in CHOSEN_BY if request.GET.get(name)}
        query = urlencode(chosen) if self.may_revoke_all(request) else ""
        return super().changelist_view(request, {"title": title, "revoke_all_query": query, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        revoke_page = self.admin_site.admin_view(self.revoke_view)
        return [
            path("<uuid:object_id>/revoke/", revoke_page, name="exchange_apps_mintedtoken_revoke"),
            *super().get_urls(),
        ]

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A token's page tells all there is."""
        return self.change_view(request, object_id, extra_context=extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        token = self.with_related([context["original"]])[0]
        context |= {
            "title": f"{settings.TOKEN_PREFIX}…{token.last_four}",
            "token": token,
            "state": state_badge(token),
            "reads": self.reads(request),
            "life": life_of(request, token, reads=self.reads(request)),
            "may_revoke_all": self.may_revoke_all(request),
            "may_revoke": self.may_revoke(request, token) and is_live(token),
        }
        return super().render_change_form(request, context, *args, **kwargs)

    def revoke_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        token = self.get_object(request, str(object_id))
        if token is None:
            return HttpResponseRedirect(reverse("admin:exchange_apps_mintedtoken_changelist"))
        if not self.may_revoke(request, token):
            raise PermissionDenied
        address = reverse("admin:exchange_apps_mintedtoken_change", args=[token.pk])
        if request.method != "POST":
            title = _("Revoke %s…%s?") % (settings.TOKEN_PREFIX, token.last_four)
            context = {"title": title, "token": token, "opts": self.opts, "address": address}
            return render(request, "admin/revoke_token.html", {**self.admin_site.each_context(request), **context})
        author = author_of(request)
        if revoke(token, actor=author.actor, origin=author.origin, now=author.now):
            messages.success(request, _("The token is revoked. It stopped working now."))
        else:
            messages.info(request, _("The token was revoked before."))
        return HttpResponseRedirect(address)


def is_live(token: MintedToken) -> bool:
    return token.revoked_at is None and token.expires_at > timezone.now()


def state_badge(token: MintedToken) -> SafeString:
    if token.revoked_at is not None:
        return badge(_("revoked"), "bad")
    return badge(_("live"), "good") if is_live(token) else badge(_("expired"), "plain")

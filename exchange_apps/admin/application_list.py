"""The list of token exchange apps: which are used, which are not, and whose keys make trouble."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.moments import moment
from audit.paging import ChoiceFilter
from exchange_apps.admin.base import OrganizationScopedAdmin
from exchange_apps.models import ExchangeApplication


class EnabledFilter(ChoiceFilter):
    title, parameter_name = _("state"), "enabled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("True", _("enabled")), ("False", _("disabled"))]


class UseFilter(ChoiceFilter):
    title, parameter_name = _("use"), "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("never", _("never used")), ("idle", _("enabled, unused for 30 days"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "never":
                return queryset.never_used()
            case "idle":
                return queryset.idle(timezone.now()).filter(enabled=True)
            case _:
                return queryset


class KeysFilter(ChoiceFilter):
    title, parameter_name = _("keys"), "keys"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("failing", _("cannot be fetched")),
            ("over", _("too old to serve")),
            ("expiring", _("expire within 30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "failing":
                return queryset.with_failing_keys()
            case "over":
                return queryset.with_keys_too_old(timezone.now())
            case "expiring":
                return queryset.with_keys_expiring(timezone.now())
            case _:
                return queryset


class ApplicationList(OrganizationScopedAdmin):
    list_title: Any = _("Token Exchange Apps")
    lead = _("Your own signing services. Each signs assertions with a key that only it has, and gets tokens for them.")
    add_label = _("New app")
    empty_template = "portal/overview/first_steps.html"
    list_display = ("named", "state", "shown_keys", "shown_scopes", "shown_ttl", "last_use", "created")
    list_filter = (EnabledFilter, UseFilter, KeysFilter)
    search_fields = ("name", "description", "client_id")
    search_help_text = _("Name, description or client id")
    sortable_by = ("named", "last_use", "created")
    list_select_related = ("key_set",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        found: Any = super().get_queryset(request)
        return found.with_last_use()  # type: ignore[no-any-return]

    @admin.display(description=_("name"), ordering="name")
    def named(self, app: ExchangeApplication) -> SafeString:
        return format_html("{} <small><code>{}</code></small>", app.name, app.client_id)

    @admin.display(description=_("last used"), ordering=models.F("last_used_at"))
    def last_use(self, app: Any) -> SafeString | str:
        never = format_html('<span class="quiet">{}</span>', _("never"))
        return moment(app.last_used_at) if app.last_used_at else never

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, app: ExchangeApplication) -> SafeString:
        return format_html("{} <small>{}</small>", moment(app.created_at), app.created_by)

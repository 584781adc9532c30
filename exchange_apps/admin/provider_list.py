"""The list of identity providers: whom the organization trusts, how, and whose keys make trouble."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from audit.moments import moment
from audit.paging import ChoiceFilter
from audit.presentation import badge
from exchange_apps.admin.base import OrganizationScopedAdmin
from exchange_apps.admin.key_panel import key_summary
from exchange_apps.domain.identity_presets import PROFILES
from exchange_apps.models import IdentityProvider, MintedToken, ProviderMode


class StateFilter(ChoiceFilter):
    title, parameter_name = _("state"), "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("enforce", _("enabled")), ("observe", _("observing")), ("off", _("disabled"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        match self.value():
            case "off":
                return queryset.filter(enabled=False)
            case ProviderMode.ENFORCE | ProviderMode.OBSERVE as mode:
                return queryset.filter(enabled=True, mode=mode)
            case _:
                return queryset


class KindFilter(ChoiceFilter):
    title, parameter_name = _("kind"), "preset"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(preset.value, profile.label) for preset, profile in PROFILES.items()]


class ProviderList(OrganizationScopedAdmin):
    list_title: Any = _("Identity providers")
    lead = _(
        "Somebody else’s issuers, whose ID tokens buy tokens here under a policy of yours. There is no secret to store."
    )
    add_label = _("New identity provider")
    empty_title = _("No identity provider yet")
    empty_text = _(
        "Let a CI job swap the ID token it has from GitHub, GitLab, CircleCI or any OIDC issuer for a token of yours."
    )
    empty_template = "portal/provider/empty.html"
    list_display = ("named", "kind", "shown_issuer", "state", "statements", "shown_keys", "last_use", "created")
    list_filter = (StateFilter, KindFilter)
    search_fields = ("name", "issuer")
    search_help_text = _("Name or issuer")
    sortable_by = ("named", "created")
    list_select_related = ("key_set",)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        latest = MintedToken.objects.filter(identity_provider=models.OuterRef("pk")).order_by("-id")
        found = super().get_queryset(request)
        return found.annotate(last_used_at=models.Subquery(latest.values("created_at")[:1]))  # type: ignore[no-any-return]

    @admin.display(description=_("name"), ordering="name")
    def named(self, provider: IdentityProvider) -> SafeString:
        return format_html("{} <small><code>{}</code></small>", provider.name, provider.pk)

    @admin.display(description=_("kind"))
    def kind(self, provider: IdentityProvider) -> str:
        return provider.get_preset_display()

    @admin.display(description=_("issuer"))
    def shown_issuer(self, provider: IdentityProvider) -> SafeString:
        return format_html('<code title="{0}">{0}</code>', provider.issuer)

    @admin.display(description=_("state"))
    def state(self, provider: IdentityProvider) -> SafeString:
        return state_badge(provider)

    @admin.display(description=_("statements"))
    def statements(self, provider: IdentityProvider) -> int:
        return len(provider.policy)

    @admin.display(description=_("keys"))
    def shown_keys(self, provider: IdentityProvider) -> SafeString:
        return key_summary(provider)

    @admin.display(description=_("last used"))
    def last_use(self, provider: Any) -> SafeString | str:
        never = format_html('<span class="quiet">{}</span>', _("never"))
        return moment(provider.last_used_at) if provider.last_used_at else never

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, provider: IdentityProvider) -> SafeString:
        return format_html("{} <small>{}</small>", moment(provider.created_at), provider.created_by)


def state_badge(provider: IdentityProvider) -> SafeString:
    if not provider.enabled:
        return badge(_("disabled"), "bad")
    return badge(_("observing"), "warn") if provider.mode == ProviderMode.OBSERVE else badge(_("enabled"), "good")

"""An organization's settings."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.moments import moment
from audit.presentation import badge, code
from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.fields import AddressLinesField
from exchange_apps.admin.organization_deletion import DeletionPage
from exchange_apps.models import Organization
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.live_tokens import count_live_tokens
from exchange_apps.services.organizations import save_organization


class OrganizationForm(AuditedModelForm):
    allowed_ips = AddressLinesField(
        label=gettext_lazy("Allowed IPs for token use"),
        help_text=gettext_lazy(
            "Where minted tokens may be used from, on top of each app’s list. "
            "One address or range per line; empty: anywhere."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        switch = self.fields.get("token_exchange_enabled")
        if switch is None or self.instance._state.adding:
            return
        count = count_live_tokens(self.instance, now=timezone.now()).shown
        if self.initial["token_exchange_enabled"]:
            sentence = _("Off: no app of this organization can mint, and live tokens stop working at once: %s now.")
        else:
            sentence = _("On: apps can mint again, and tokens that are not over work again: %s now.")
        switch.help_text = sentence % count


@admin.register(Organization)
class OrganizationAdmin(DeletionPage):
    """Inside an organization its own settings; outside, all of them, for operators."""

    lead = gettext_lazy("Every organization of this installation.")
    add_label = gettext_lazy("New organization")
    empty_title = gettext_lazy("No organization yet")
    empty_text = gettext_lazy("Everything belongs to one: members, apps, tokens and the audit log.")
    form = OrganizationForm
    sensitive_fields = frozenset({"allowed_ips", "token_exchange_enabled", "require_jti", "mfa_required", "slug"})
    list_display = ("name", "slug", "exchange_state", "created")
    search_fields = ("name", "slug")
    search_help_text = gettext_lazy("Name or slug")
    sortable_by = ("name", "slug", "created")
    fieldsets = (
        (None, {"fields": ("name", "slug", "uuid")}),
        (gettext_lazy("Token exchange"), {"fields": ("token_exchange_enabled", "require_jti", "exchange_rate_limit")}),
        (gettext_lazy("Networks"), {"fields": ("allowed_ips",)}),
        (gettext_lazy("Signing in"), {"fields": ("mfa_required",)}),
    )

    @admin.display(description=gettext_lazy("UUID"))
    def uuid(self, organization: Organization) -> SafeString | str:
        return code(organization.pk) if not organization._state.adding else _("given when it is saved")

    @admin.display(description=gettext_lazy("token exchange"))
    def exchange_state(self, organization: Organization) -> SafeString:
        return badge(_("on"), "good") if organization.token_exchange_enabled else badge(_("off"), "bad")

    @admin.display(description=gettext_lazy("created"), ordering="created_at")
    def created(self, organization: Organization) -> SafeString | str:
        return moment(organization.created_at)

    @admin.display(description=gettext_lazy("allowed IPs for token use"))
    def shown_allowed_ips(self, organization: Organization) -> SafeString | str:
        return lines(organization.allowed_ips) if organization.allowed_ips else _("anywhere")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Organization]:
        here = organization_of(request)
        if here is not None:
            return Organization.objects.filter(pk=here.pk)
        return Organization.objects.all() if access_in(request).sees_everything else Organization.objects.none()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # The slug is in every client's audience and every bookmark: operators change it, from outside
        return ("uuid", "slug") if organization_of(request) is not None else ("uuid",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        return (*fieldsets[:2], (gettext_lazy("Networks"), {"fields": ("shown_allowed_ips",)}), *fieldsets[3:])

    def _may(self, request: HttpRequest, obj: Any, right: str) -> bool:
        here, access = organization_of(request), access_in(request)
        if here is None:
            return access.sees_everything
        return (obj is None or obj == here) and bool(getattr(access, right)(here.pk))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, None, "may_read")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "may_read")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, "may_change")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return organization_of(request) is None and access_in(request).sees_everything

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        here = organization_of(request)
        if here is not None and self.has_view_permission(request):
            return HttpResponseRedirect(self.address("change", here.pk))
        return super().changelist_view(request, extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if organization_of(request) is not None:
            context |= {"title": _("Organization settings"), "keep_title": True}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_through_service(self, obj: Organization, form: Any, author: Author) -> bool:
        return save_organization(obj, author=author)


def lines(values: list[str]) -> SafeString:
    return format_html_join("", "<code>{}</code><br>", ((value,) for value in values))

"""Who belongs to an organization, and in which role."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.moments import moment
from audit.paging import ChoiceFilter
from audit.presentation import badge
from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.invitations import InvitationPages, roles_for
from exchange_apps.admin.leaving import LeavingPage
from exchange_apps.models import Membership, MintedToken, Role
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.organizations import is_last_owner, remove_membership, save_membership


class MemberForm(AuditedModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owns = bool(self.organization and self.access and self.access.owns(self.organization.pk))
        if "role" in self.fields:
            self.fields["role"].choices = roles_for(owns=owns)  # type: ignore[attr-defined]
        if not self.is_bound and is_last_owner(self.instance):
            for field in self.fields.values():
                field.widget.attrs["disabled"] = True


class RoleFilter(ChoiceFilter):
    title, parameter_name = gettext_lazy("role"), "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Role.choices


class MemberList(ChangeList):
    """Each member with the number of tokens that work for them here, asked for once for the whole page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        members = list(self.result_list)
        tokens = MintedToken.objects.filter(organization=organization_of(request))
        counts = tokens.live_by_user([member.user_id for member in members], timezone.now())
        for member in members:
            member.live_tokens = counts.get(member.user_id, 0)
        self.result_list: Any = members


@admin.register(Membership)
class MembershipAdmin(InvitationPages, LeavingPage):
    lead = gettext_lazy("Owners and admins change settings, auditors read everything, members see their own tokens.")
    add_label = gettext_lazy("Invite somebody")
    empty_title = gettext_lazy("No member fits")
    empty_text = gettext_lazy("Apps mint tokens only for active members.")
    form = MemberForm
    sensitive_fields = frozenset({"role", "active"})
    change_list_template = "admin/members.html"
    change_form_template = "admin/member.html"
    list_display = ("person", "email", "shown_role", "state", "joined", "last_sign_in", "tokens")
    list_filter = (RoleFilter,)
    search_fields = ("user__name", "user__email")
    search_help_text = gettext_lazy("Name or e-mail")
    ordering = ("user__email",)
    sortable_by = ("email", "joined", "last_sign_in")
    list_select_related = ("user",)
    fieldsets = ((None, {"fields": ("person", "email", "role", "active")}),)
    readonly_fields = ("person", "email")
    returns_to_object = False

    @admin.display(description=gettext_lazy("name"))
    def person(self, membership: Membership) -> str:
        return str(membership.user)

    @admin.display(description=gettext_lazy("e-mail"), ordering="user__email")
    def email(self, membership: Membership) -> SafeString | str:
        user = membership.user
        if user.email_verified:
            return user.email
        return format_html("{} {}", user.email, badge(_("not verified"), "warn"))

    @admin.display(description=gettext_lazy("role"))
    def shown_role(self, membership: Membership) -> str:
        return membership.get_role_display()

    @admin.display(description=gettext_lazy("state"))
    def state(self, membership: Membership) -> SafeString:
        if membership.active and membership.user.is_active:
            return badge(_("active"), "good")
        return badge(_("inactive"), "bad")

    @admin.display(description=gettext_lazy("joined"), ordering="created_at")
    def joined(self, membership: Membership) -> SafeString | str:
        return moment(membership.created_at)

    @admin.display(description=gettext_lazy("last sign-in"), ordering="user__last_login")
    def last_sign_in(self, membership: Membership) -> SafeString | str:
        when = membership.user.last_login
        return moment(when) if when else format_html('<small class="quiet">{}</small>', _("never"))

    @admin.display(description=gettext_lazy("live tokens"))
    def tokens(self, membership: Any) -> int:
        count: int = membership.live_tokens
        return count

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MemberList

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return super().get_queryset(request).select_related("user")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: Membership | None) -> bool:
        """An owner's membership is changed by owners only."""
        stored = obj is not None and Membership.objects.filter(pk=obj.pk, role=Role.OWNER).exists()
        return not stored or access_in(request).owns(obj.organization_id)  # type: ignore[union-attr]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        pending = self.pending_rows(request) if self.reads(request) else []
        return super().changelist_view(request, {"pending": pending, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        last = is_last_owner(context["original"])
        context |= {"is_last_owner": last, "is_self": context["original"].user_id == access_in(request).user_id}
        if last and request.method == "GET":
            context |= {"show_save": False, "show_delete": False}
        return super().render_change_form(request, context, *args, **kwargs)

    def save_through_service(self, obj: Membership, form: Any, author: Author) -> bool:
        return save_membership(obj, author=author)

    def delete_through_service(self, obj: Membership, author: Author) -> None:
        remove_membership(obj, author=author)

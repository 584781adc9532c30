"""Who belongs to an organization, and in which role."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.paging import ChoiceFilter
from audit.presentation import badge, moment
from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.base import OrganizationScopedAdmin, access_in
from exchange_apps.models import Membership, Role, User
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.organizations import remove_membership, save_membership, save_user


class NewMemberForm(AuditedModelForm):
    """By e-mail: nobody leafs through the users of other organizations. Known or not, the answer is the same."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=320,
        help_text=gettext_lazy(
            "Tokens are minted for this person only once an operator has marked the address as verified."
        ),
    )

    class Meta:
        model = Membership
        fields: ClassVar[list[str]] = ["role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.organization = self.organization
        limit_roles(self)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        if Membership.objects.filter(organization=self.organization, user__email=email).exists():
            raise ValidationError(_("This person is a member already."))
        return email


class MemberForm(AuditedModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit_roles(self)


def limit_roles(form: AuditedModelForm) -> None:
    """Only owners make owners: otherwise an admin could promote himself."""
    organization, access = form.organization, form.access
    if "role" in form.fields and not (organization and access and access.owns(organization.pk)):
        choices = [(value, label) for value, label in Role.choices if value != Role.OWNER]
        form.fields["role"].choices = choices  # type: ignore[attr-defined]


class RoleFilter(ChoiceFilter):
    title, parameter_name = gettext_lazy("role"), "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return Role.choices


@admin.register(Membership)
class MembershipAdmin(OrganizationScopedAdmin):
    lead = gettext_lazy("Owners and admins change settings, auditors read everything, members see their own tokens.")
    add_label = gettext_lazy("Add member")
    empty_title = gettext_lazy("No member fits")
    empty_text = gettext_lazy("Apps mint tokens only for active members.")
    form = MemberForm
    list_display = ("person", "email", "shown_role", "state", "joined")
    list_filter = (RoleFilter,)
    search_fields = ("user__name", "user__email")
    search_help_text = gettext_lazy("Name or e-mail")
    ordering = ("user__email",)
    sortable_by = ("email", "joined")
    list_select_related = ("user",)
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

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Membership]:
        return super().get_queryset(request).select_related("user")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("email", "role")}),)
        return ((None, {"fields": ("person", "email", "role", "active")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("person", "email") if obj is not None else ()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs |= {"form": NewMemberForm, "fields": ["role"]}
        return super().get_form(request, obj, change, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request: HttpRequest, obj: Membership | None) -> bool:
        """An owner's membership is changed by owners only."""
        stored = obj is not None and Membership.objects.filter(pk=obj.pk, role=Role.OWNER).exists()
        return not stored or access_in(request).owns(obj.organization_id)  # type: ignore[union-attr]

    def save_through_service(self, obj: Membership, form: Any, author: Author) -> bool:
        if not obj._state.adding:
            return save_membership(obj, author=author)
        with transaction.atomic():
            email = form.cleaned_data["email"]
            user = User.objects.filter(email=email).first()
            if user is None:
                user = User(email=email)
                user.set_unusable_password()
                save_user(user, author=author)
            obj.user = user
            return save_membership(obj, author=author)

    def delete_through_service(self, obj: Membership, author: Author) -> None:
        remove_membership(obj, author=author)

"""What only operators see: every user of the installation, and the catalogue of scopes."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.moments import moment
from audit.presentation import badge
from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.base import OperatorAdmin
from exchange_apps.models import Scope, User
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.organizations import delete_scope, save_scope, save_user, set_password


class UserForm(AuditedModelForm):
    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "Leave empty to keep the present one. Without a password nobody can sign in as this user."
        ),
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["email", "name", "email_verified", "is_active", "is_superuser"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        return email.lower()

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def _get_validation_exclusions(self) -> set[str]:
        # Of no concern here: a new user has no password before it is saved
        return super()._get_validation_exclusions() | {"password"}  # type: ignore[misc, no-any-return]


@admin.register(User)
class UserAdmin(OperatorAdmin):
    lead = gettext_lazy(
        "Every person of this installation. What somebody may do is told by the memberships in organizations."
    )
    add_label = gettext_lazy("New user")
    empty_title = gettext_lazy("No user fits")
    empty_text = gettext_lazy("Search by name or e-mail.")
    form = UserForm
    sensitive_fields = frozenset({"email", "email_verified", "is_active", "is_superuser", "new_password"})
    list_display = ("email", "name", "verified", "state", "joined")
    search_fields = ("email", "name")
    search_help_text = gettext_lazy("Name or e-mail")
    ordering = ("email",)
    sortable_by = ("email", "name")
    fields = ("email", "name", "email_verified", "is_active", "is_superuser", "new_password")

    @admin.display(description=gettext_lazy("e-mail verified"))
    def verified(self, user: User) -> SafeString:
        return badge(_("verified"), "good") if user.email_verified else badge(_("not verified"), "warn")

    @admin.display(description=gettext_lazy("state"))
    def state(self, user: User) -> SafeString:
        if not user.is_active:
            return badge(_("inactive"), "bad")
        return badge(_("operator"), "accent") if user.is_superuser else badge(_("active"), "good")

    @admin.display(description=gettext_lazy("joined"))
    def joined(self, user: User) -> SafeString | str:
        return moment(user.date_joined)

    def save_through_service(self, obj: User, form: Any, author: Author) -> bool:
        password = form.cleaned_data["new_password"]
        if obj._state.adding:
            obj.set_password(password or None)
            return save_user(obj, author=author)
        is_saved = save_user(obj, author=author)
        if password:
            set_password(obj, password, author=author)
        return is_saved or bool(password)


@admin.register(Scope)
class ScopeAdmin(OperatorAdmin):
    lead = gettext_lazy("What apps can be allowed to grant, in every organization.")
    add_label = gettext_lazy("New scope")
    empty_title = gettext_lazy("No scope fits")
    empty_text = gettext_lazy("Search by name or label.")
    list_display = ("name", "label", "group", "shown_writes")
    search_fields = ("name", "label", "group")
    search_help_text = gettext_lazy("Name, label or group")
    sortable_by = ("name", "group")
    fields = ("name", "group", "label", "description", "writes")
    returns_to_object = False

    @admin.display(description=gettext_lazy("kind"))
    def shown_writes(self, scope: Scope) -> SafeString:
        return badge(_("writes"), "warn") if scope.writes else badge(_("reads"), "plain")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name",) if obj is not None else ()  # tokens and apps carry the name

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_operator(request)

    def save_through_service(self, obj: Scope, form: Any, author: Author) -> bool:
        return save_scope(obj, author=author)

    def delete_through_service(self, obj: Scope, author: Author) -> None:
        delete_scope(obj, author=author)

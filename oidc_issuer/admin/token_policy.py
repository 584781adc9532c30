"""What an organization allows its jobs to ask for: one page, there before anybody has saved it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.admin.base import OrganizationScopedAdmin, organization_of
from exchange_apps.services.audited_changes import Author
from oidc_issuer.admin.building import OwnedForm
from oidc_issuer.models import IDTokenPolicy
from oidc_issuer.services.building import save_id_token_policy


class AudienceLinesField(forms.CharField):
    """One audience a line."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return True  # the service compares


class IDTokenPolicyForm(OwnedForm):
    allowed_audiences = AudienceLinesField(
        label=gettext_lazy("Allowed audiences"),
        required=False,
        help_text=gettext_lazy(
            "One per line, compared exactly. Empty: any. A list must name the default audience too."
        ),
    )


@admin.register(IDTokenPolicy)
class IDTokenPolicyAdmin(OrganizationScopedAdmin):
    form = IDTokenPolicyForm
    fields = ("max_lifetime", "allowed_audiences")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not self.get_queryset(request).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one, or there can be one."""
        if self.has_view_permission(request):
            found = self.get_queryset(request).first()
            if found is not None:
                return HttpResponseRedirect(self.address("change", found.pk))
            if self.has_add_permission(request):
                return HttpResponseRedirect(self.address("add"))
        return super().changelist_view(request, extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        organization = organization_of(request)
        if organization is not None:
            context |= {"title": _("ID tokens"), "keep_title": True}
            form = context["adminform"].form
            if "allowed_audiences" in form.fields:
                form.fields["allowed_audiences"].widget.attrs["placeholder"] = (
                    f"{settings.PUBLIC_URL}/{organization.slug}"
                )
        return super().render_change_form(request, context, *args, **kwargs)

    def save_through_service(self, obj: IDTokenPolicy, form: Any, author: Author) -> bool:
        return save_id_token_policy(obj, author=author)

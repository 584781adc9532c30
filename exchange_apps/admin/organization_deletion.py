"""Deleting an organization: by an owner, who types its slug, on a page that says what goes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.admin.base import PortalModelAdmin, access_in, organization_of
from exchange_apps.services.live_tokens import count_live_tokens
from exchange_apps.services.organizations import delete_organization
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof


class DeletionForm(forms.Form):
    slug = forms.CharField(
        label=gettext_lazy("Its slug, to confirm"),
        max_length=63,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "code"}),
    )

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug != self.expected:
            raise forms.ValidationError(_("This is not the slug of the organization. Nothing was deleted."))
        return slug


class DeletionPage(PortalModelAdmin):
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        here = organization_of(request)
        return here is not None and obj in (None, here) and access_in(request).owns(here.pk)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        here = organization_of(request)
        if here is None or object_id != str(here.pk) or not self.has_delete_permission(request):
            raise PermissionDenied
        form = DeletionForm(request.POST if request.method == "POST" else None, expected=here.slug)
        if request.method == "POST" and form.is_valid():
            require_recent_proof(request)
            delete_organization(here, author=author_of(request))
            messages.success(request, _("The organization “%s” is deleted.") % here.name)
            return HttpResponseRedirect("/")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Delete “%s”?") % here.name,
            "opts": self.opts,
            "object": here,
            "form": form,
            "apps": here.applications.count(),
            "members": here.memberships.count(),
            "live_tokens": count_live_tokens(here, now=timezone.now()).shown,
        }
        return render(request, "admin/delete_organization.html", context)

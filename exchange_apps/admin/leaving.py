"""Leaving an organization: everybody's own decision, whatever the role."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from exchange_apps.admin.base import OrganizationScopedAdmin, organization_of
from exchange_apps.models import Membership
from exchange_apps.services.organizations import is_last_owner, remove_membership
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof


class LeavingPage(OrganizationScopedAdmin):
    """`leave/`: what goes, or, for the last owner, why not."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.leave_view)
        return [path("leave/", view, name="exchange_apps_membership_leave"), *super().get_urls()]

    def leave_view(self, request: Any) -> HttpResponse:
        organization = organization_of(request)
        own = Membership.objects.filter(organization=organization, user__pk=request.user.pk).first()
        if own is None:
            raise Http404
        if request.method == "POST":
            require_recent_proof(request)
            try:
                remove_membership(own, author=author_of(request))
            except ValidationError as refusal:
                messages.error(request, " ".join(refusal.messages))
                return HttpResponseRedirect(request.path)
            messages.success(request, _("You left %s.") % organization)
            return HttpResponseRedirect("/")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Leave %s?") % organization,
            "is_last_owner": is_last_owner(own),
        }
        return render(request, "admin/leave.html", context)

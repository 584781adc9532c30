"""Revoking every live token of a user, an app or a key, after a page that says how many there are."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.paging import KeysetModelAdmin
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.services.live_tokens import count_live_tokens
from exchange_apps.services.minted_tokens import revoke_live
from exchange_apps.services.token_choice import chosen_tokens
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof


class TokenRevocation(KeysetModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.revoke_all_view)
        return [path("revoke-all/", view, name="exchange_apps_mintedtoken_revoke_all"), *super().get_urls()]

    def may_revoke_all(self, request: HttpRequest) -> bool:
        organization = organization_of(request)
        return organization is not None and access_in(request).may_change(organization.pk)

    def revoke_all_view(self, request: HttpRequest) -> HttpResponse:
        organization = organization_of(request)
        if organization is None or not self.may_revoke_all(request):
            raise PermissionDenied
        chosen = chosen_tokens(organization, request.GET.dict())
        if chosen is None:
            raise Http404
        address = f"{reverse('admin:exchange_apps_mintedtoken_changelist')}?{chosen.query}"
        if request.method == "POST":
            require_recent_proof(request)
            revoked = revoke_live(chosen.tokens, author=author_of(request))
            text = ngettext("%d live token is revoked.", "%d live tokens are revoked.", revoked)
            messages.success(request, text % revoked)
            return HttpResponseRedirect(address)
        context = {
            "title": _("Revoke all these tokens?"),
            "chosen": chosen,
            "live": count_live_tokens(chosen.tokens, now=timezone.now()),
            "address": address,
            "opts": self.opts,
        }
        return render(request, "admin/revoke_all.html", {**self.admin_site.each_context(request), **context})

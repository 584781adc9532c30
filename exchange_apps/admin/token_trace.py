"""Finding a token by itself or by its SHA-256. What is pasted is neither kept nor shown again, and is in no address."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from audit.paging import KeysetModelAdmin
from exchange_apps.admin.token_life import Moment, life_from_events
from exchange_apps.domain.opaque_token import OpaqueToken

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class TokenTrace(KeysetModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.trace_view)
        return [path("trace/", view, name="exchange_apps_mintedtoken_trace"), *super().get_urls()]

    @method_decorator(sensitive_post_parameters("token"))
    @method_decorator(sensitive_variables("pasted"))
    def trace_view(self, request: HttpRequest) -> HttpResponse:
        """Among the tokens that this person may see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        problem = ""
        if request.method == "POST":
            digest, problem = read_pasted(request.POST.get("token", "").strip())
            found = self.get_queryset(request).filter(digest=digest).first() if digest else None
            if found is not None:
                return HttpResponseRedirect(reverse("admin:exchange_apps_mintedtoken_change", args=[found.pk]))
            if digest and (life := life_from_events(request, digest)):
                return self._show_life(request, digest, life)
            problem = problem or _("No token here is that one. Tokens are listed until 30 days after their end.")
        context: dict[str, Any] = {"title": _("Trace a token"), "opts": self.opts, "problem": problem}
        site = self.admin_site.each_context(request)
        return render(request, "admin/trace_token.html", {**site, **context, "prefix": settings.TOKEN_PREFIX})

    def _show_life(self, request: HttpRequest, digest: bytes, life: list[Moment]) -> HttpResponse:
        context = {"title": _("A token of the past"), "opts": self.opts, "digest": digest.hex(), "life": life}
        return render(request, "admin/token_life.html", {**self.admin_site.each_context(request), **context})


@sensitive_variables("pasted", "token")
def read_pasted(pasted: str) -> tuple[bytes | None, str]:
    """The digest to look for, or why there is none; the sentence holds nothing of what was pasted."""
    if _SHA256.fullmatch(pasted):
        return bytes.fromhex(pasted), ""
    token = OpaqueToken.parse(pasted, settings.TOKEN_PREFIX)
    if token is not None:
        return token.digest(), ""
    if not pasted:
        return None, _("Paste a token or its SHA-256.")
    if pasted.startswith(settings.TOKEN_PREFIX):
        return None, _("That is not one of ours: its checksum is wrong. A character may be missing or mistyped.")
    sentence = _("That is neither a token, which begins with %s, nor a SHA-256, which is 64 hexadecimal digits.")
    return None, sentence % settings.TOKEN_PREFIX

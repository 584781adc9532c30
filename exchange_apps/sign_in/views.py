"""The pages of a person's own account that allauth has not, or has otherwise."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, PasswordSetView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import DownloadRecoveryCodesView, ViewRecoveryCodesView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from audit.actions import AuditAction
from exchange_apps.access import locked_organizations
from exchange_apps.models import User
from exchange_apps.services import single_sign_on
from exchange_apps.sign_in.events import record_about
from exchange_apps.sign_in.reauthentication import recent_proof_required, waiting_change
from exchange_apps.sign_in.sessions import end_sessions, sessions_of


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - behind login_required
    return request.user


@login_required
def security(request: HttpRequest) -> HttpResponse:
    """Password, second factors, passkeys and recovery codes on one page."""
    user = _person(request)
    found = list(Authenticator.objects.filter(user_id=user.pk).order_by("created_at"))
    codes = next((one for one in found if one.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "title": _("Security"),
        "app": next((one for one in found if one.type == Authenticator.Type.TOTP), None),
        "passkeys": [one for one in found if one.type == Authenticator.Type.WEBAUTHN],
        "codes": codes,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "has_password": user.has_usable_password(),
        "waiting_organizations": locked_organizations(user),
    }
    return render(request, "mfa/index.html", context)


@login_required
def passkeys(request: HttpRequest) -> HttpResponse:
    """Where allauth leads after a change: they are listed on the page of everything."""
    return HttpResponseRedirect(reverse("mfa_index"))


class _SignIn(LoginView):
    def get_authenticated_redirect_url(self) -> str:
        address = str(super().get_authenticated_redirect_url())
        return reverse("admin:index") if self.request.path in address else address  # not back to where it stands

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sso_name = settings.OIDC_SSO_NAME if single_sign_on.is_configured() else ""
        return {**super().get_context_data(**kwargs), "sso_name": sso_name}


class _RecoveryCodes(ViewRecoveryCodesView):
    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        record_about(_person(request), AuditAction.USER_RECOVERY_CODES_VIEWED, request)
        return response


class _RecoveryCodesFile(DownloadRecoveryCodesView):
    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response: HttpResponse = super().get(request, *args, **kwargs)
        record_about(_person(request), AuditAction.USER_RECOVERY_CODES_VIEWED, request)
        return response


sign_in = _SignIn.as_view()
recovery_codes = _RecoveryCodes.as_view()
recovery_codes_file = _RecoveryCodesFile.as_view()
set_password = recent_proof_required(PasswordSetView.as_view())


@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    listed = sessions_of(request, _person(request))
    return render(request, "usersessions/usersession_list.html", {"title": _("Sessions"), "sessions": listed})


@require_POST
@login_required
def end_session(request: HttpRequest) -> HttpResponse:
    """One of one's own, or all but this one."""
    which = request.POST.get("session", "")
    only = int(which) if which.isascii() and which.isdigit() and len(which) < 19 else None
    if only is None and which != "others":
        return HttpResponseRedirect(reverse("usersessions_list"))
    ended = end_sessions(request, _person(request), keep_current=True, only=only)
    messages.success(request, ngettext("%d session has ended.", "%d sessions have ended.", ended) % ended)
    return HttpResponseRedirect(reverse("usersessions_list"))


@login_required
def go_on(request: HttpRequest) -> HttpResponse:
    """After the proof: sends what was typed before it, as it was typed."""
    waiting = waiting_change(request)
    if waiting is None:
        return HttpResponseRedirect(reverse("admin:index"))
    address, fields = waiting
    return render(request, "account/go_on.html", {"title": _("Confirmed"), "address": address, "fields": fields})

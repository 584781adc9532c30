"""Single sign-on: to the provider and back. A person is found by the verified e-mail address; nobody is created."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.ratelimit import consume_or_429
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from exchange_apps.models import User
from exchange_apps.services import single_sign_on
from exchange_apps.services.single_sign_on import SignOnFailed, Started
from exchange_apps.sign_in.events import record_failure

UNDER_WAY = "single_sign_on"
logger = logging.getLogger(__name__)


def proof_by_sso(user: Any) -> list[dict[str, Any]]:
    """The provider as a way to prove again who one is; for whoever it would sign in."""
    if not single_sign_on.is_configured() or not getattr(user, "email_verified", False):
        return []
    description = _("Sign in again with %s") % settings.OIDC_SSO_NAME
    return [{"id": "sso", "description": description, "url": reverse("sso_again")}]


@never_cache
def start(request: HttpRequest, again: bool = False) -> HttpResponse:
    """`again`: the provider is to ask anew, for the proof before a sensitive change."""
    if not single_sign_on.is_configured():
        raise Http404
    started = single_sign_on.start()
    try:
        address = single_sign_on.authorization_url(started, callback=_callback(), again=again)
    except SignOnFailed as failure:
        return _refused(request, str(failure))
    target = get_next_redirect_url(request)
    request.session[UNDER_WAY] = {"started": asdict(started), "next": target, "again": again}
    return HttpResponseRedirect(address)


@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    """What comes back counts once, and only in the browser that left."""
    if not single_sign_on.is_configured():
        raise Http404
    under_way = request.session.pop(UNDER_WAY, None)
    if under_way is None or not constant_time_compare(request.GET.get("state", ""), under_way["started"]["state"]):
        return _refused(request, "state")
    if "code" not in request.GET:
        return _refused(request, "cancelled")
    limited: HttpResponse | None = consume_or_429(request, app="allauth.account", action="login", limit_get=True)
    if limited is not None:
        return limited
    try:
        identity = single_sign_on.identify(
            request.GET["code"], Started(**under_way["started"]), callback=_callback(), again=under_way["again"]
        )
    except SignOnFailed as failure:
        return _refused(request, str(failure))
    user = User.objects.filter(email=identity.email, email_verified=True).first()
    if user is None or not user.is_active:
        record_failure(user, "user_inactive", request, method="sso")
        return _refused(request, "stranger")
    finish = _prove_again if under_way["again"] else _sign_in
    return finish(request, user, under_way["next"])


def _sign_in(request: HttpRequest, user: User, target: str | None) -> HttpResponse:
    record_authentication(request, user, method="sso")
    answer: HttpResponse = perform_login(request, Login(user=user, email=user.email, redirect_url=target))
    return answer


def _prove_again(request: HttpRequest, user: User, target: str | None) -> HttpResponse:
    if request.user != user:
        return _refused(request, "stranger")
    record_authentication(request, user, method="sso", reauthenticated=True)
    return HttpResponseRedirect(target or reverse("mfa_index"))


def _callback() -> str:
    return f"{settings.PUBLIC_URL}{reverse('sso_callback')}"


def _refused(request: HttpRequest, reason: str) -> HttpResponse:
    """The reason is for the log of the program: most of them only an operator can do something about."""
    logger.warning("single sign-on refused: %s", reason)
    if reason in ("stranger", "email_missing", "email_not_verified"):
        sentence = _("%s gave no verified address that has an account here. Ask an owner of your organization.")
    elif reason == "cancelled":
        sentence = _("Signing in with %s was cancelled. Try again, or sign in another way.")
    else:
        sentence = _("Signing in with %s did not work. Try again; if it fails again, tell your operator.")
    messages.error(request, sentence % settings.OIDC_SSO_NAME)
    return HttpResponseRedirect(reverse("account_login"))

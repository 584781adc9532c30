"""Asking again who somebody is, before a change that an unlocked screen should not be enough for.

`require_recent_proof(request)` is for whoever knows in the middle of a request that it is sensitive; what was typed
waits in the session, and is sent again after the proof. `recent_proof_required` is the same for a whole view's POST.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.sign_in.methods import proven_recently

WAITING = "waiting_change"
MOST_CHARACTERS = 200_000


def require_recent_proof(request: HttpRequest) -> None:
    """Raises ReauthenticationRequired, which `Reauthentication` answers."""
    if not proven_recently(request) and get_adapter().get_reauthentication_methods(request.user):
        raise ReauthenticationRequired


def recent_proof_required(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            require_recent_proof(request)
        return view(request, *args, **kwargs)

    return guarded


class Reauthentication:
    """Leads to the proof and remembers what was under way. In place of allauth's own way, which calls the view again
    without the middleware around it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, ReauthenticationRequired):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        proof = methods[0]["url"] if methods else reverse("account_login")
        return HttpResponseRedirect(f"{proof}?{urlencode({'next': _afterwards(request)})}")


def _afterwards(request: HttpRequest) -> str:
    if request.method != "POST":
        return request.get_full_path()
    kept = _public_part(request.POST)
    typed = kept.urlencode()
    holds_a_password = any("password" in name and value for name, value in kept.items())
    if holds_a_password or len(typed) > MOST_CHARACTERS:
        return request.get_full_path()
    request.session[WAITING] = {"address": request.get_full_path(), "form": typed}
    return reverse("account_go_on")


def _public_part(typed: QueryDict) -> QueryDict:
    """What may wait in the session. Of keys only a set of sound public ones, read and written anew, and only where
    it counts: what stands in a field that is not shown could be anything."""
    kept = typed.copy()
    kept.pop("csrfmiddlewaretoken", None)
    source = kept.get("key_source")
    if source and source != "uri":
        kept.pop("jwks_uri", None)
    text = kept.pop("jwks", [""])[-1]
    if text and source != "uri":
        with suppress(JWKSetError):
            kept["jwks"] = json.dumps(JWKSet.parse(text).as_document())
    return kept


def waiting_change(request: HttpRequest) -> tuple[str, list[tuple[str, str]]] | None:
    """Where the interrupted form goes, and its fields; only once."""
    waiting = request.session.pop(WAITING, None)
    if waiting is None:
        return None
    fields = QueryDict(waiting["form"])
    return waiting["address"], [(name, value) for name, values in fields.lists() for value in values]

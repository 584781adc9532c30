"""Whoever has just made an account by an invitation comes in with the password chosen there."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.usersessions.models import UserSession
from django.http import HttpRequest

from exchange_apps.models import User


def sign_in_newcomer(request: HttpRequest, user: User) -> None:
    """Listed and recorded as every sign-in; a newcomer has no second factor to ask for."""
    record_authentication(request, user, method="password")
    get_adapter().login(request, user)
    UserSession.objects.create_from_request(request)

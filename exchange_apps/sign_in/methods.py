"""With what a person proved who they are in this session."""

from __future__ import annotations

import time

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest

from exchange_apps.models import User

_FACTORS = {"totp": "totp", "webauthn": "passkey", "recovery_codes": "recovery_code"}


def methods_used(request: HttpRequest, user: User) -> list[str]:
    """`password`, `sso`, `passkey`, `totp` and `recovery_code`, in the order they were used."""
    found = []
    for record in get_authentication_records(request, user):
        method = str(record.get("method"))
        found.append(factor_name(str(record.get("type"))) if method == "mfa" else method)
    return list(dict.fromkeys(found))


def factor_name(kind: str) -> str:
    return _FACTORS.get(kind, kind)


def proven_recently(request: HttpRequest) -> bool:
    """Whether the person showed a password, code, passkey or single sign-on within the last quarter of an hour.

    allauth itself does not count the sign-in, and asks again right after it.
    """
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT

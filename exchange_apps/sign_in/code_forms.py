"""Codes of an authenticator app (RFC 6238), each accepted once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as base
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from cryptography.fernet import InvalidToken
from django.core.cache import cache
from django.utils.translation import gettext_lazy as _

from exchange_apps.models import User
from exchange_apps.services.encryption import decrypt, encrypt
from exchange_apps.sign_in.events import record_failure
from exchange_apps.sign_in.methods import factor_name

_INPUT = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True, "class": "code-input"}


def spend_code(user: User, code: str) -> None:
    """A code is remembered for as long as it could be accepted: allauth forgets it after one step of several.

    Raises ValidationError when it was used before. One process of all wins the insert.
    """
    seconds = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
    if not cache.add(f"totp-used:{user.pk}:{normalize_user_code(code)}", "y", timeout=seconds):
        raise get_adapter().validation_error("incorrect_code")


class _OnceOnly(base.BaseAuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label = _("Code")
        field.widget.attrs = dict(_INPUT)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        if self.authenticator.type == Authenticator.Type.TOTP:
            spend_code(self.user, code)
        return code

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        record_failure(self.user, "wrong_code", context.request, method=factor_name(authenticator.type))


class CodeForm(_OnceOnly, base.AuthenticateForm):
    """The second step of signing in."""


class CodeAgainForm(_OnceOnly, base.ReauthenticateForm):
    """The proof before a sensitive change."""


class ActivateTOTPForm(totp.ActivateTOTPForm):
    """Keeps the secret, until it is confirmed, encrypted in the session."""

    secret: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from the app")
        self.fields["code"].widget.attrs = dict(_INPUT)
        if self.is_bound:
            with suppress(InvalidToken):  # the session was lost: this is a new secret, and the code cannot fit
                self.secret = decrypt(self.secret)
        context.request.session[SECRET_SESSION_KEY] = encrypt(self.secret)

    def clean_code(self) -> str:
        code: str = super().clean_code()
        spend_code(self.user, code)
        return code

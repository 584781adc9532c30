"""Passkeys (WebAuthn): adding one, and using one as the second factor."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from exchange_apps.sign_in.events import record_failure


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].max_length = 60
        self.fields["name"].help_text = _("How you tell it from others: the device or the key ring it is on.")
        self.fields["passwordless"].label = _("Sign in with it alone")
        self.fields["passwordless"].initial = True
        self.fields["passwordless"].help_text = _(
            "Without e-mail and password. The device asks for your fingerprint, face or PIN."
        )


class _Recorded(AuthenticateWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        try:
            return super().clean_credential()
        except ValidationError:
            record_failure(self.user, "wrong_passkey", context.request, method="passkey")
            raise


class PasskeyForm(_Recorded):
    """The second step of signing in."""


class PasskeyAgainForm(_Recorded, ReauthenticateWebAuthnForm):
    """The proof before a sensitive change."""

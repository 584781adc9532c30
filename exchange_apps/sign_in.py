"""Signing in by e-mail and password, limited and audited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, OrganizationRef, Party, PartyType
from audit.recorder import record_event
from exchange_apps.models import Organization, User
from exchange_apps.services import rate_limit
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.organizations import set_password

TRIES_PER_MINUTE = 10
FAILURES_RECORDED_PER_MINUTE = 10


class EmailBackend(ModelBackend):
    """Django's own, with the operators' permissions left to `User.has_perm`: there are no groups here."""

    def has_perm(self, *args: Any, **kwargs: Any) -> bool:
        return False


class SignInForm(AuthenticationForm):
    """Says the same whichever part was wrong, and whether or not there is such a person."""

    username = forms.EmailField(
        label=_("E-mail"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    error_messages = {  # noqa: RUF012 - as declared by Django
        "invalid_login": _("That e-mail and password do not belong together. Check both and try again."),
        "too_many": _("Too many tries. Wait a minute, then try again."),
    }

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if email and password:
            self.user_cache = self._sign_in(email, password)
        return self.cleaned_data

    def _sign_in(self, email: str, password: str) -> User:
        assert self.request is not None  # noqa: S101 - the sign-in page always gives it
        origin, now = RequestOrigin.of(self.request), timezone.now()
        # The typed text is kept as a digest only: people paste passwords into the wrong field
        pair = hashlib.sha256(f"{origin.ip} {email.lower()}".encode()).hexdigest()
        tries = rate_limit.spend(f"sign-in:{pair}", TRIES_PER_MINUTE, now_ms=int(now.timestamp() * 1000))
        if tries.is_exceeded:
            record_failure(email, "too_many_tries", origin)
            raise ValidationError(self.error_messages["too_many"], code="too_many")
        user = authenticate(self.request, username=email, password=password)
        if not isinstance(user, User):
            record_failure(email, "wrong_password", origin)
            raise self.get_invalid_login_error()
        with transaction.atomic():
            for organization in _logs_of(user):
                record_event(
                    AuditAction.USER_SIGNED_IN,
                    occurred_at=now,
                    organization=organization,
                    actor=user_party(user),
                    subject=user_party(user),
                    origin=origin,
                )
        return user


def record_failure(email: str, reason: str, origin: RequestOrigin) -> None:
    """Nothing for an address that nobody has: it may be a password, mistyped. Capped, because strangers cause it."""
    user = User.objects.filter(email=email.lower()).first()
    if user is None:
        return
    now = timezone.now()
    key = f"sign-in-failures:{user.pk}"
    if rate_limit.spend(key, FAILURES_RECORDED_PER_MINUTE, now_ms=int(now.timestamp() * 1000)).is_exceeded:
        return
    with transaction.atomic():
        for organization in _logs_of(user):
            record_event(
                AuditAction.USER_SIGN_IN_FAILED,
                occurred_at=now,
                organization=organization,
                actor=SYSTEM,
                subject=user_party(user),
                origin=origin,
                outcome=Outcome.DENIED,
                reason=reason if user.is_active else "user_inactive",
            )


def _logs_of(user: User) -> Iterable[OrganizationRef | None]:
    """The logs a sign-in belongs to: of each organization the person is in, else the installation's own."""
    found = Organization.objects.filter(memberships__user=user, memberships__active=True)
    return [organization.ref() for organization in found] or [None]


def user_party(user: User) -> Party:
    return Party(PartyType.USER, user.pk, user.email)


def author_of(request: HttpRequest) -> Author:
    """The signed-in person as the author of a change made now."""
    assert isinstance(request.user, User)  # noqa: S101 - the portal lets nobody else in
    return Author(user_party(request.user), RequestOrigin.of(request), timezone.now())


class OwnPasswordForm(PasswordChangeForm):
    """`request` is set by the site: the change is recorded with where it came from."""

    request: HttpRequest

    def save(self, commit: bool = True) -> Any:
        set_password(self.user, self.cleaned_data["new_password1"], author=author_of(self.request))
        return self.user

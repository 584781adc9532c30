"""django-allauth's account flows with our limits, our log and our addresses."""

from __future__ import annotations

import hashlib
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actions import AuditAction
from audit.origin import client_ip
from exchange_apps.models import User
from exchange_apps.services import rate_limit
from exchange_apps.services.organizations import set_password
from exchange_apps.sign_in import mail
from exchange_apps.sign_in.authorship import author_for
from exchange_apps.sign_in.events import record_about, record_by_stranger, record_failure
from exchange_apps.sign_in.methods import methods_used, proven_recently
from exchange_apps.sign_in.sessions import end_sessions
from exchange_apps.sign_in.sso import proof_by_sso

TRIES_PER_MINUTE = 10
_UNSAID = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": _("That e-mail and password do not belong together. Check both and try again."),
        "incorrect_password": _("That is not your password."),
        "too_many_login_attempts": _("Too many tries. Wait a minute, then try again."),
        "rate_limited": _("Too many tries. Wait a minute, then try again."),
        "incorrect_code": _("That code is not right. Codes change every 30 seconds, and each works once."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return str(client_ip(request) or "0.0.0.0")  # noqa: S104 - unknown callers share one limit

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not proven_recently(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return [*super().get_reauthentication_methods(user), *proof_by_sso(user)]

    # --- passwords --------------------------------------------------------------------------------------------------
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Ten tries a minute for an address and e-mail. What was typed is kept as a digest only: people paste passwords
        into the wrong field."""
        email = str(credentials.get("email", ""))
        pair = hashlib.sha256(f"{client_ip(request)} {email.lower()}".encode()).hexdigest()
        now_ms = int(timezone.now().timestamp() * 1000)
        if rate_limit.spend(f"sign-in:{pair}", TRIES_PER_MINUTE, now_ms=now_ms).is_exceeded:
            record_failure(_found(email), "too_many_tries", request)
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        """The tries that succeed count as well; allauth's own counter is not used for passwords."""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        record_failure(_found(str(credentials.get("email", ""))), "wrong_password", request)

    def reauthenticate(self, user: Any, password: str) -> bool:
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def set_password(self, user: Any, password: str) -> None:
        """Ends every other session. A reset link is used by somebody who is not signed in, and is that person."""
        set_password(user, password, author=author_for(context.request, user))
        end_sessions(context.request, user, keep_current=True)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    # --- coming in --------------------------------------------------------------------------------------------------
    def login(self, request: HttpRequest, user: Any) -> None:
        super().login(request, user)
        record_about(user, AuditAction.USER_SIGNED_IN, request, data={"methods": methods_used(request, user)})

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        record_failure(user, "user_inactive", request)
        messages.error(request, self.error_messages["email_password_mismatch"])
        return HttpResponseRedirect(reverse("account_login"))

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        if message_template not in _UNSAID:  # the page that follows says it
            super().add_message(request, level, message_template, *args, **kwargs)

    # --- forgotten passwords ----------------------------------------------------------------------------------------
    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        assert self.request is not None  # noqa: S101 - somebody asked for it in a browser
        record_by_stranger(user, AuditAction.USER_PASSWORD_RESET_REQUESTED, self.request)
        super().send_password_reset_mail(user, user.email, context)

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return f"{settings.PUBLIC_URL}{path}"  # not the Host header's

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        message: EmailMessage = self.render_mail(template_prefix, email, {"email": email, **context})
        mail.send_beside(message)

    def format_email_subject(self, subject: str) -> str:
        return subject


def _found(email: str) -> User | None:
    return User.objects.filter(email=email.lower()).first()

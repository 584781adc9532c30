"""The pages of a person's own account, and the ways in. Of allauth's pages only those there is a way to."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.db import transaction
from django.urls import include, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from exchange_apps.sign_in import sso, views


def changing(view: Any) -> Any:
    """A view whose change and its event belong together; its pages hold secrets."""
    return never_cache(transaction.atomic(view))


_two_factor = [
    path("code/", mfa.authenticate, name="mfa_authenticate"),
    path("app/add/", changing(totp.activate_totp), name="mfa_activate_totp"),
    path("app/remove/", changing(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("recovery-codes/", changing(views.recovery_codes), name="mfa_view_recovery_codes"),
    path("recovery-codes/new/", changing(recovery_codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    path("recovery-codes/file/", changing(views.recovery_codes_file), name="mfa_download_recovery_codes"),
    path("passkeys/", views.passkeys, name="mfa_list_webauthn"),
    path("passkeys/add/", changing(webauthn.add_webauthn), name="mfa_add_webauthn"),
    path("passkeys/sign-in/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/<int:pk>/remove/", changing(webauthn.remove_webauthn), name="mfa_remove_webauthn"),
    path("passkeys/<int:pk>/edit/", changing(webauthn.edit_webauthn), name="mfa_edit_webauthn"),
]
_proof = [
    path("password/", account.reauthenticate, name="account_reauthenticate"),
    path("code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("passkey/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
]
_password = [
    path("change/", changing(account.password_change), name="account_change_password"),
    path("set/", changing(views.set_password), name="account_set_password"),
    path("forgotten/", account.password_reset, name="account_reset_password"),
    path("forgotten/sent/", account.password_reset_done, name="account_reset_password_done"),
    path("new/done/", account.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path(
        "new/<str:uidb36>/<str:key>/", changing(account.password_reset_from_key), name="account_reset_password_from_key"
    ),
]

urlpatterns = [
    path("login/", views.sign_in, name="account_login"),
    path("logout/", require_POST(account.logout), name="account_logout"),
    path("account/", never_cache(views.security), name="mfa_index"),
    path("account/two-factor/", include(_two_factor)),
    path("account/proof/", include(_proof)),
    path("account/password/", include(_password)),
    path("account/sessions/", views.sessions, name="usersessions_list"),
    path("account/sessions/end/", views.end_session, name="account_end_session"),
    path("account/go-on/", never_cache(views.go_on), name="account_go_on"),
    path("account/sso/", sso.start, name="sso_start"),
    path("account/sso/again/", sso.start, {"again": True}, name="sso_again"),
    path("account/sso/callback/", sso.callback, name="sso_callback"),
]

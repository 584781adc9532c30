"""Every change of somebody's second factors, in the log.

By signals of the model, which alone fire in the transaction of the change and for every way in which allauth makes it
(recovery codes come and go with the first and the last other factor).
"""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_delete, post_save

from audit.actions import AuditAction
from exchange_apps.sign_in.events import record_about
from exchange_apps.sign_in.methods import factor_name
from exchange_apps.sign_in.sessions import end_sessions

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def connect() -> None:
    post_save.connect(_added, sender=Authenticator, dispatch_uid="authenticator-added")
    post_delete.connect(_removed, sender=Authenticator, dispatch_uid="authenticator-removed")


def _added(instance: Authenticator, created: bool, **_: Any) -> None:
    request = context.request
    if not created or request is None:  # a use is saved as well
        return
    if instance.type == Authenticator.Type.RECOVERY_CODES:
        record_about(instance.user, AuditAction.USER_RECOVERY_CODES_GENERATED, request)
        return
    record_about(instance.user, AuditAction.USER_AUTHENTICATOR_ADDED, request, data=_about(instance))
    if Authenticator.objects.filter(user_id=instance.user_id, type__in=FACTORS).count() == 1:
        # From now on one factor is not enough: whoever came in with one somewhere else starts again
        end_sessions(request, instance.user, keep_current=True)


def _removed(instance: Authenticator, **_: Any) -> None:
    request = context.request
    if request is not None and instance.type in FACTORS:
        record_about(instance.user, AuditAction.USER_AUTHENTICATOR_REMOVED, request, data=_about(instance))


def _about(authenticator: Authenticator) -> dict[str, str]:
    return {"method": factor_name(authenticator.type), "name": str(authenticator.data.get("name", ""))}

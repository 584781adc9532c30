"""What people do with their accounts, in the log of each organization they belong to, else in the installation's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, OrganizationRef, Party
from audit.recorder import record_event
from exchange_apps.models import Organization, User
from exchange_apps.services import rate_limit
from exchange_apps.sign_in.authorship import user_party

RECORDED_PER_MINUTE = 10


def record_about(
    user: User,
    action: AuditAction,
    request: HttpRequest,
    *,
    actor: Party | None = None,
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> None:
    """One event in each log; by the person, unless another actor is named."""
    now, origin = timezone.now(), RequestOrigin.of(request)
    with transaction.atomic():
        for organization in logs_of(user):
            record_event(
                action,
                occurred_at=now,
                organization=organization,
                actor=actor or user_party(user),
                subject=user_party(user),
                origin=origin,
                data=data,
                **fields,
            )


def record_by_stranger(user: User, action: AuditAction, request: HttpRequest, **fields: Any) -> None:
    """As `record_about`, of what anybody can cause: by nobody known, and capped."""
    key = f"strangers:{action.value}:{user.pk}"
    if rate_limit.spend(key, RECORDED_PER_MINUTE, now_ms=int(timezone.now().timestamp() * 1000)).is_exceeded:
        return
    record_about(user, action, request, actor=SYSTEM, **fields)


def record_failure(user: User | None, reason: str, request: HttpRequest, *, method: str = "password") -> None:
    """A sign-in that failed. Nothing for an address that nobody has: it may be a password, mistyped."""
    if user is None:
        return
    record_by_stranger(
        user,
        AuditAction.USER_SIGN_IN_FAILED,
        request,
        outcome=Outcome.DENIED,
        reason=reason if user.is_active else "user_inactive",
        data={"method": method},
    )


def logs_of(user: User) -> Iterable[OrganizationRef | None]:
    found = Organization.objects.filter(memberships__user=user, memberships__active=True)
    return [organization.ref() for organization in found] or [None]

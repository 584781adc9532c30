"""The sessions of one person: where they are signed in, and ending them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from audit.actions import AuditAction
from exchange_apps.models import User
from exchange_apps.sign_in.events import record_about


@dataclass(frozen=True, slots=True)
class ListedSession:
    pk: int
    ip: str
    user_agent: str
    since: datetime
    until: datetime
    is_current: bool


def sessions_of(request: HttpRequest, user: User) -> list[ListedSession]:
    """The living ones, this one first, then the latest; two queries however many there are."""
    known = {found.session_key: found for found in UserSession.objects.filter(user_id=user.pk)}
    living = Session.objects.filter(session_key__in=known, expire_date__gt=timezone.now())
    listed = [
        ListedSession(one.pk, one.ip, one.user_agent, one.created_at, until, key == request.session.session_key)
        for key, until in living.values_list("session_key", "expire_date")
        for one in [known[key]]
    ]
    return sorted(listed, key=lambda one: (one.is_current, one.since), reverse=True)


def end_sessions(request: HttpRequest, user: User, *, keep_current: bool, only: int | None = None) -> int:
    """End all of a person's sessions, or the one `only` names; answers how many there were. Recorded."""
    rows = UserSession.objects.filter(user_id=user.pk)
    rows = rows.filter(pk=only) if only is not None else rows
    if keep_current and request.session.session_key:
        rows = rows.exclude(session_key=request.session.session_key)
    with transaction.atomic():
        ended = list(rows)
        _forget(ended)
        if ended:
            data = {"ended": [{"ip": one.ip, "user_agent": one.user_agent[:256]} for one in ended]}
            record_about(user, AuditAction.USER_SESSIONS_ENDED, request, data=data)
    return len(ended)


def _forget(ended: Iterable[UserSession]) -> None:
    Session.objects.filter(session_key__in=[one.session_key for one in ended]).delete()
    UserSession.objects.filter(pk__in=[one.pk for one in ended]).delete()

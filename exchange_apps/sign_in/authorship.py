"""The signed-in person, as the log names them."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.models import User
from exchange_apps.services.audited_changes import Author


def user_party(user: User) -> Party:
    return Party(PartyType.USER, user.pk, user.email)


def author_of(request: HttpRequest) -> Author:
    """The signed-in person as the author of a change made now."""
    assert isinstance(request.user, User)  # noqa: S101 - the portal lets nobody else in
    return author_for(request, request.user)


def author_for(request: HttpRequest, user: User) -> Author:
    """A person who has proven who they are, and is perhaps not signed in yet."""
    return Author(user_party(user), RequestOrigin.of(request), timezone.now())

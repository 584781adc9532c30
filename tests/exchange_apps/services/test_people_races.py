"""Two at once: owners who leave together, and an invitation that is answered twice. The database decides."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from exchange_apps.models import Invitation, Membership, Role, User
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.invitation_answers import accept, decline
from exchange_apps.services.invitations import invite
from exchange_apps.services.organizations import remove_membership, save_membership
from tests import factories
from tests.conftest import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]


def author() -> Author:
    return Author(SYSTEM, RequestOrigin.command("test"), timezone.now())


@pytest.mark.parametrize("way", ["leave", "demote", "switch off"])
def test_of_two_owners_who_go_at_once_one_stays(way: str) -> None:
    acme = factories.make_organization()
    for name in ("olga", "oscar"):
        factories.make_member(acme, f"{name}@acme.test", Role.OWNER)
    owners = list(Membership.objects.select_related("organization", "user"))

    def go(number: int) -> str:
        one = owners[number]
        try:
            if way == "leave":
                remove_membership(one, author=author())
            else:
                one.role, one.active = (Role.ADMIN, True) if way == "demote" else (Role.OWNER, False)
                save_membership(one, author=author())
        except ValidationError as refusal:
            return refusal.messages[0]
        return "gone"

    assert sorted(at_once(2, go)) == ["An organization keeps at least one active owner.", "gone"]
    assert Membership.objects.filter(role=Role.OWNER, active=True).count() == 1


def test_an_owner_whose_account_is_off_does_not_count() -> None:
    acme = factories.make_organization()
    factories.make_member(acme, "olga@acme.test", Role.OWNER)
    factories.make_member(acme, "oscar@acme.test", Role.OWNER, is_active=False)
    with pytest.raises(ValidationError):
        remove_membership(Membership.objects.get(user__email="olga@acme.test"), author=author())


def test_an_invitation_is_answered_once_however_many_answer_together() -> None:
    acme = factories.make_organization()
    invite(acme, "new@acme.test", Role.MEMBER, author=author())
    found = Invitation.objects.select_related("organization").get()
    user = factories.make_user("new@acme.test")

    def answer(number: int) -> str:
        try:
            if number % 2:
                decline(found, author=author())
            else:
                accept(found, User.objects.get(pk=user.pk), author=author())
        except ValidationError:
            return "late"
        return "answered"

    assert sorted(at_once(4, answer)) == ["answered", "late", "late", "late"]
    assert not Invitation.objects.exists()

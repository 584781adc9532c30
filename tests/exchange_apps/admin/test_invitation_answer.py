"""The link of an invitation: for a new person, for somebody with an account, and for the wrong one."""

from __future__ import annotations

from datetime import timedelta

from django.core import mail
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from exchange_apps.models import Invitation, Membership, Organization, Role, User
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.invitations import invite
from tests import factories
from tests.exchange_apps.admin.portal import browser
from tests.exchange_apps.admin.test_invitations import link_in

GOOD = "correct horse battery"
JOIN = {"answer": "join", "name": "Nina New", "password": GOOD}


def invited(organization: Organization, email: str = "new@acme.test", client: Client | None = None) -> Client:
    """A browser that has opened the link of a new invitation."""
    invite(organization, email, Role.AUDITOR, author=Author(SYSTEM, RequestOrigin.command("test"), timezone.now()))
    client = client or Client()
    response = client.get(link_in(mail.outbox[-1]))
    assert response["Location"] == "/invitation/"
    return client


def answer(client: Client, answer: str) -> str:
    return str(client.post("/invitation/", {"answer": answer}, follow=True).content.decode())


def types() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("type", flat=True))


def test_a_new_person_sets_name_and_password_and_is_in(acme: Organization) -> None:
    client = invited(acme)
    assert "Make my account and join" in client.get("/invitation/").content.decode()
    page = client.post("/invitation/", JOIN, follow=True).content.decode()
    assert "Welcome to Acme Inc" in page
    user = User.objects.get(email="new@acme.test")
    assert (user.name, user.email_verified, user.check_password(GOOD)) == ("Nina New", True, True)
    assert Membership.objects.get(user=user).role == Role.AUDITOR
    assert {"USER_CREATED", "ORGANIZATION_MEMBER_CREATED", "ORGANIZATION_INVITATION_ACCEPTED"} <= set(types())
    assert AuditEvent.objects.get(type="ORGANIZATION_INVITATION_ACCEPTED").actor_id == user.pk
    assert GOOD not in str(list(AuditEvent.objects.values()))


def test_a_link_works_once(acme: Organization) -> None:
    client = invited(acme)
    client.post("/invitation/", JOIN)
    for other in (client, Client()):
        assert other.get(link_in(mail.outbox[0])).status_code == 404
        assert other.get("/invitation/").status_code == 404
    assert not Invitation.objects.exists()


def test_looking_changes_nothing(acme: Organization) -> None:
    client = invited(acme)
    client.head(link_in(mail.outbox[0]))
    client.get("/invitation/")
    client.post("/invitation/")
    assert Invitation.objects.exists()
    assert not User.objects.filter(email="new@acme.test").exists()


def test_a_weak_password_is_refused_and_the_name_stays(acme: Organization) -> None:
    page = invited(acme).post("/invitation/", JOIN | {"password": "password"}).content.decode()
    assert "too common" in page
    assert 'value="Nina New"' in page
    assert 'value="password"' not in page
    assert not User.objects.exists()


def test_somebody_with_an_account_signs_in_first_and_accepts_by_hand(acme: Organization, mallory: User) -> None:
    mallory.set_password(GOOD)
    mallory.save()
    client = invited(acme, "Mallory@globex.test")
    page = client.get("/invitation/").content.decode()
    assert 'href="/login/?next=/invitation/"' in page
    assert "Make my account" not in page
    client.post("/invitation/", JOIN)
    assert not Membership.objects.filter(organization=acme).exists()
    client.force_login(mallory)
    assert "Accept" in client.get("/invitation/").content.decode()
    assert not Membership.objects.filter(organization=acme).exists()
    assert "Welcome to Acme Inc" in answer(client, "accept")
    assert Membership.objects.get(organization=acme).user == mallory


def test_a_letter_never_takes_over_an_account_in_use(acme: Organization) -> None:
    used = factories.make_user("used@acme.test", last_login=timezone.now())  # by single sign-on: no password
    User.objects.create_superuser("otto@acme.test")
    factories.make_user("off@acme.test", is_active=False)
    for email in (used.email, "otto@acme.test", "off@acme.test"):
        client = invited(acme, email)
        assert "There is an account" in client.post("/invitation/", JOIN).content.decode(), email
        assert not User.objects.get(email=email).has_usable_password()
    assert not Membership.objects.exists()


def test_an_account_nobody_ever_used_is_taken_by_whoever_gets_its_mail(acme: Organization) -> None:
    factories.make_user("new@acme.test", email_verified=False)
    invited(acme).post("/invitation/", JOIN)
    user = User.objects.get(email="new@acme.test")
    assert (user.email_verified, user.check_password(GOOD)) == (True, True)


def test_signed_in_as_somebody_else_one_is_told_and_may_switch(acme: Organization, mallory: User) -> None:
    client = invited(acme, client=browser(mallory))
    page = client.get("/invitation/").content.decode()
    assert "You are signed in as mallory@globex.test" in page
    assert "another e-mail address" in answer(client, "accept")
    client.post("/invitation/", JOIN)
    assert not Membership.objects.filter(organization=acme).exists()
    assert "Make my account and join" in answer(client, "switch")


def test_declining_needs_no_account(acme: Organization) -> None:
    client = invited(acme)
    assert "You did not join" in answer(client, "decline")
    event = AuditEvent.objects.get(type="ORGANIZATION_INVITATION_DECLINED")
    assert (event.actor_name, event.actor_id) == ("new@acme.test", None)
    assert not Invitation.objects.exists()


def test_a_link_that_is_over_says_so_and_the_log_hears_of_it(acme: Organization) -> None:
    client = invited(acme)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "has expired" in client.get("/invitation/").content.decode()
    for _ in range(5):
        client.post("/invitation/", JOIN)
    refused = AuditEvent.objects.filter(type="ORGANIZATION_INVITATION_REFUSED")
    assert (refused[0].outcome, refused[0].reason) == ("denied", "expired")
    assert refused.count() == 3  # a minute
    assert not User.objects.exists()


def test_a_member_who_was_switched_off_does_not_come_back_by_an_old_letter(acme: Organization) -> None:
    client = invited(acme, "dora@acme.test")
    dora = factories.make_member(acme, "dora@acme.test")
    Membership.objects.update(active=False)
    client.force_login(dora)
    answer(client, "accept")
    assert Membership.objects.get().active is False
    assert Membership.objects.get().role == Role.MEMBER

"""Inviting from the members page: who may, what the letter says, what the log keeps."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from exchange_apps.models import Invitation, Membership, User
from exchange_apps.services.invitations import LETTERS_PER_MINUTE
from tests.exchange_apps.admin.portal import MEMBERS, browser
from tests.world import World

pytestmark = pytest.mark.usefixtures("world")


def invite(person: User, email: str = "new@acme.test", role: str = "member") -> str:
    """The page that follows."""
    form = {"email": email, "role": role}
    return str(browser(person).post(f"{MEMBERS}add/", form, follow=True).content.decode())


def link_in(letter: mail.EmailMessage) -> str:
    found = re.search(r"http://localhost:8000(/invitations/\S+)", str(letter.body))
    assert found
    return found[1]


def test_an_invited_address_gets_a_letter_with_a_link_whose_secret_is_kept_nowhere(world: World) -> None:
    page = invite(world.alice, "New@Acme.test", "auditor")
    assert "on its way to new@acme.test" in page
    letter = mail.outbox[0]
    assert letter.to == ["new@acme.test"]
    assert letter.subject == "Alice invites you to Acme Inc"
    assert "as auditor" in letter.body
    secret = link_in(letter).rsplit("/", 1)[1]
    stored = str(list(Invitation.objects.values())) + str(list(AuditEvent.objects.values()))
    assert secret not in stored + page
    assert len(bytes(Invitation.objects.get().digest)) == 32
    assert not User.objects.filter(email="new@acme.test").exists()
    event = AuditEvent.objects.get(type="ORGANIZATION_INVITATION_CREATED")
    assert (event.actor_id, event.subject_name, event.data["role"]) == (world.alice.pk, "new@acme.test", "auditor")


def test_the_answer_is_the_same_whether_or_not_there_is_an_account(world: World) -> None:
    pages = []
    for email in ("mallory@globex.test", "strange@globex.test"):
        pages.append(
            re.sub(r'value="\w{64}"|/invitations/[0-9a-f-]{36}/|<time.*?</time>', "", invite(world.olga, email))
        )
        Invitation.objects.all().delete()
    assert pages[0].replace("mallory", "strange") == pages[1]
    bodies = [str(letter.body).replace(link_in(letter), "") for letter in mail.outbox]
    assert bodies[0].replace("mallory", "strange") == bodies[1]


def test_the_form_lists_no_user_of_the_installation(world: World) -> None:
    page = browser(world.olga).get(f"{MEMBERS}add/").content.decode()
    assert "mallory" not in page
    assert "bob@" not in page


def test_members_and_invited_people_are_not_invited_again_and_the_input_stays(world: World) -> None:
    assert "is a member already" in invite(world.olga, "bob@acme.test")
    invite(world.olga)
    page = invite(world.olga, "NEW@acme.test", "auditor")
    assert "is invited already" in page
    assert 'value="NEW@acme.test"' in page
    assert '<option value="auditor" selected>' in page
    assert len(mail.outbox) == 1


def test_an_admin_invites_no_owner_and_touches_no_invitation_of_one(world: World) -> None:
    assert "Select a valid choice" in invite(world.alice, role="owner")
    assert not Invitation.objects.exists()
    invite(world.olga, role="owner")
    found = Invitation.objects.get()
    assert "Withdraw" not in browser(world.alice).get(MEMBERS).content.decode()
    for act in ("resend", "withdraw"):
        assert browser(world.alice).post(f"{MEMBERS}invitations/{found.pk}/{act}/").status_code == 403
    assert Invitation.objects.filter(pk=found.pk, digest=found.digest).exists()


@pytest.mark.parametrize(("name", "status"), [("carol", 403), ("bob", 403), ("mallory", 404)])
def test_others_invite_nobody(world: World, name: str, status: int) -> None:
    invite(world.olga)
    found = Invitation.objects.get()
    client = browser(world.person(name))
    for path in ("add/", f"invitations/{found.pk}/resend/", f"invitations/{found.pk}/withdraw/"):
        form = {"email": "x@acme.test", "role": "member"}
        assert client.post(f"{MEMBERS}{path}", form).status_code == status, path
    assert len(mail.outbox) == 1
    assert browser(world.mallory).post(f"/o/globex{MEMBERS[7:]}invitations/{found.pk}/withdraw/").status_code == 404
    assert Invitation.objects.filter(pk=found.pk).exists()


def test_sending_again_makes_a_new_link_and_ends_the_old_one(world: World) -> None:
    invite(world.olga)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
    client = browser(world.alice)
    assert "expired" in client.get(MEMBERS).content.decode()
    client.post(f"{MEMBERS}invitations/{Invitation.objects.get().pk}/resend/")
    old, new = map(link_in, mail.outbox)
    assert browser(None).get(old).status_code == 404
    assert browser(None).get(new).status_code == 302
    assert AuditEvent.objects.get(type="ORGANIZATION_INVITATION_RESENT").actor_id == world.alice.pk


def test_a_withdrawn_invitation_no_longer_works(world: World) -> None:
    invite(world.olga)
    key = Invitation.objects.get().pk
    page = browser(world.alice).post(f"{MEMBERS}invitations/{key}/withdraw/", follow=True).content.decode()
    assert "is withdrawn" in page
    assert browser(None).get(link_in(mail.outbox[0])).status_code == 404
    assert AuditEvent.objects.get(type="ORGANIZATION_INVITATION_WITHDRAWN").subject_id == key


def test_letters_are_limited_for_an_organization_and_for_an_address(world: World) -> None:
    invite(world.olga)
    key = Invitation.objects.get().pk
    client = browser(world.olga)
    client.post(f"{MEMBERS}invitations/{key}/resend/")
    page = client.post(f"{MEMBERS}invitations/{key}/resend/", follow=True).content.decode()
    assert "Too many invitations in a minute" in page
    for number in range(LETTERS_PER_MINUTE):
        page = invite(world.olga, f"p{number}@acme.test")
    assert "Too many invitations in a minute" in page
    assert len(mail.outbox) <= LETTERS_PER_MINUTE


def test_a_mail_server_in_trouble_is_told_and_the_invitation_can_be_sent_again(
    world: World, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # nobody listens
    assert "did not take the letter" in invite(world.olga)
    assert "letter not sent" in browser(world.olga).get(MEMBERS).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    browser(world.olga).post(f"{MEMBERS}invitations/{Invitation.objects.get().pk}/resend/")
    assert len(mail.outbox) == 1
    assert "letter not sent" not in browser(world.olga).get(MEMBERS).content.decode()


def test_a_name_with_a_line_break_writes_no_header(world: World) -> None:
    world.acme.name = "Acme\nBcc: everybody@acme.test"
    world.acme.save()
    invite(world.olga)
    assert mail.outbox[0].recipients() == ["new@acme.test"]
    assert "\n" not in mail.outbox[0].subject
    assert Membership.objects.filter(organization=world.acme).count() == 4

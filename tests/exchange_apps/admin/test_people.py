"""Members, organization settings, users and tokens in the portal."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from exchange_apps.models import Membership, Organization, Role, User
from tests.exchange_apps.admin.conftest import World
from tests.exchange_apps.admin.portal import MEMBERS, browser, page_of


def membership(user: User) -> Membership:
    return Membership.objects.get(user=user)


def test_the_last_owner_cannot_be_removed_demoted_or_switched_off(world: World) -> None:
    client, own = browser(world.olga), membership(world.olga)
    for address, form in (
        (page_of(own, "delete"), {"post": "yes"}),
        (page_of(own), {"role": "admin", "active": "on"}),
        (page_of(own), {"role": "owner"}),
    ):
        response = client.post(address, form, follow=True)
        assert "at least one active owner" in response.content.decode()
    own.refresh_from_db()
    assert (own.role, own.active) == (Role.OWNER, True)
    assert not AuditEvent.objects.filter(type__startswith="ORGANIZATION_MEMBER").exists()


def test_an_owner_changes_a_role_and_the_log_tells(world: World) -> None:
    browser(world.olga).post(page_of(membership(world.bob)), {"role": "auditor", "active": "on"})
    event = AuditEvent.objects.get(type="ORGANIZATION_MEMBER_UPDATED")
    assert event.data["changes"] == {"role": {"before": "member", "after": "auditor"}}
    assert event.actor_id == world.olga.pk


def test_an_admin_makes_no_owner_and_touches_none(world: World) -> None:
    client = browser(world.alice)
    client.post(page_of(membership(world.alice)), {"role": "owner", "active": "on"})
    assert membership(world.alice).role == Role.ADMIN
    assert client.post(page_of(membership(world.olga)), {"role": "member", "active": "on"}).status_code == 403
    assert client.post(page_of(membership(world.olga), "delete"), {"post": "yes"}).status_code == 403
    client.post(f"{MEMBERS}add/", {"email": "new@acme.test", "role": "owner"})
    assert not Membership.objects.filter(user__email="new@acme.test").exists()


def test_adding_a_member_answers_alike_for_known_and_unknown_people(world: World) -> None:
    client = browser(world.olga)
    known = client.post(f"{MEMBERS}add/", {"email": "Mallory@globex.test", "role": "member"})
    unknown = client.post(f"{MEMBERS}add/", {"email": "new@acme.test", "role": "member"})
    assert known["Location"] == unknown["Location"] == MEMBERS
    new = User.objects.get(email="new@acme.test")
    assert not new.email_verified
    assert not new.has_usable_password()
    assert {event.organization_slug for event in AuditEvent.objects.filter(type="ORGANIZATION_MEMBER_CREATED")} == {
        "acme"
    }


def test_the_form_for_a_member_lists_no_user_of_the_installation(world: World) -> None:
    page = browser(world.olga).get(f"{MEMBERS}add/").content.decode()
    assert "mallory" not in page
    assert "bob@" not in page


def test_adding_somebody_twice_is_refused(world: World) -> None:
    page = browser(world.olga).post(f"{MEMBERS}add/", {"email": "bob@acme.test", "role": "member"}).content.decode()
    assert "is a member already" in page


def test_organization_settings_are_changed_by_owner_and_recorded(world: World) -> None:
    client = browser(world.olga)
    assert client.get("/o/acme/exchange_apps/organization/")["Location"] == page_of(world.acme)
    form = {
        "name": "Acme",
        "require_jti": "on",
        "exchange_rate_limit": "10",
        "allowed_ips": "10.0.0.0/8",
        "slug": "stolen",
    }
    client.post(page_of(world.acme), form)
    world.acme.refresh_from_db()
    assert (world.acme.slug, world.acme.require_jti, world.acme.token_exchange_enabled) == ("acme", True, False)
    changes = AuditEvent.objects.get(type="ORGANIZATION_UPDATED").data["changes"]
    assert set(changes) == {"name", "require_jti", "exchange_rate_limit", "allowed_ips", "token_exchange_enabled"}


def test_an_operator_makes_organizations_and_users(world: World) -> None:
    client = browser(world.otto)
    form = {
        "name": "Initech",
        "slug": "initech",
        "token_exchange_enabled": "on",
        "exchange_rate_limit": "0",
        "allowed_ips": "",
    }
    client.post("/exchange_apps/organization/add/", form)
    assert Organization.objects.get(slug="initech").exchange_rate_limit == 0
    person = {"email": "Ada@Initech.test", "name": "Ada", "email_verified": "on", "is_active": "on"}
    client.post("/exchange_apps/user/add/", person | {"new_password": "correct horse battery"})
    ada = User.objects.get(email="ada@initech.test")
    assert ada.check_password("correct horse battery")
    client.post(f"/exchange_apps/user/{ada.pk}/change/", person | {"new_password": "another horse battery"})
    ada.refresh_from_db()
    assert ada.check_password("another horse battery")
    recorded = str(list(AuditEvent.objects.filter(subject_id=ada.pk).values_list("type", "data")))
    assert "USER_CREATED" in recorded
    assert "USER_UPDATED" in recorded
    assert "horse" not in recorded


@pytest.mark.parametrize("name", ["olga", "alice", "bob", "otto"])
def test_a_token_is_revoked_by_who_may(world: World, name: str) -> None:
    client = browser(world.person(name))
    assert "Keep it" in client.get(page_of(world.token, "revoke")).content.decode()
    page = client.post(page_of(world.token, "revoke"), follow=True).content.decode()
    assert "It stopped working now" in page
    world.token.refresh_from_db()
    assert world.token.revoked_at is not None
    assert AuditEvent.objects.get(type="ACCESS_TOKEN_REVOKED").actor_id == world.person(name).pk


def test_a_changed_password_signs_in_and_is_recorded(world: World) -> None:
    world.bob.set_password("correct horse battery")
    world.bob.save()
    form = {
        "old_password": "correct horse battery",
        "new_password1": "brand new staple",
        "new_password2": "brand new staple",
    }
    response = browser(world.bob).post("/o/acme/password_change/", form, follow=True)
    assert "Password changed" in response.content.decode()
    event = AuditEvent.objects.get(type="USER_UPDATED")
    assert event.actor_id == world.bob.pk
    assert "staple" not in str(event.data)

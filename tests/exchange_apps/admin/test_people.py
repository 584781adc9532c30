"""Members, organization settings, users and tokens in the portal."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from exchange_apps.models import Membership, Organization, Role, User
from tests import factories
from tests.exchange_apps.admin.portal import MEMBERS, browser, page_of
from tests.world import World


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


def test_a_late_refusal_of_a_service_keeps_what_was_typed(world: World) -> None:
    own = membership(world.olga)
    response = browser(world.olga).post(page_of(own), {"role": "auditor", "active": "on"})
    page = response.content.decode()
    assert response.status_code == 200
    assert page.count("keeps at least one active owner.</li>") == 1
    assert '<option value="auditor" selected>' in page


def test_the_page_of_the_last_owner_says_why_before_anybody_tries(world: World) -> None:
    client = browser(world.olga)
    page = client.get(page_of(membership(world.olga))).content.decode()
    assert "This is the only active owner" in page
    assert 'name="_save"' not in page
    assert "Make somebody else an owner first" in client.get(f"{MEMBERS}leave/").content.decode()
    assert "at least one active owner" in client.post(f"{MEMBERS}leave/", follow=True).content.decode()
    assert membership(world.olga).active


@pytest.mark.parametrize("name", ["alice", "bob", "carol"])
def test_everybody_may_leave_and_the_log_tells(world: World, name: str) -> None:
    client, person = browser(world.person(name)), world.person(name)
    assert "Leave Acme Inc?" in client.get(f"{MEMBERS}leave/").content.decode()
    assert client.post(f"{MEMBERS}leave/")["Location"] == "/"
    assert not Membership.objects.filter(user=person).exists()
    assert AuditEvent.objects.get(type="ORGANIZATION_MEMBER_DELETED").actor_id == person.pk
    assert client.get("/o/acme/").status_code == 404


def test_nobody_leaves_an_organization_without_belonging_to_it(world: World) -> None:
    assert browser(world.otto).post(f"{MEMBERS}leave/").status_code == 404
    assert browser(world.mallory).post(f"{MEMBERS}leave/").status_code == 404


def test_the_list_tells_live_tokens_and_costs_the_same_with_many_members(world: World) -> None:
    client = browser(world.carol)

    def look() -> tuple[str, int]:
        with CaptureQueriesContext(connection) as captured:
            return client.get(MEMBERS).content.decode(), len(captured)

    page, few = look()
    assert '<td data-label="Live tokens" class="field-tokens">1</td>' in page
    for number in range(30):
        factories.make_member(world.acme, f"member-{number}@acme.test")
    assert look()[1] == few


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
        "oldpassword": "correct horse battery",
        "password1": "brand new staple",
        "password2": "brand new staple",
    }
    response = browser(world.bob).post("/account/password/change/", form, follow=True)
    assert "Password successfully changed" in response.content.decode()
    event = AuditEvent.objects.get(type="USER_UPDATED")
    assert event.actor_id == world.bob.pk
    assert "staple" not in str(event.data)

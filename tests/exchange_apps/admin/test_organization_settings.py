"""An organization's settings: what a switch stops, and what deleting takes along."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, Invitation, Membership, Organization, User
from tests.exchange_apps.admin.portal import MEMBERS, browser, page_of
from tests.world import World


def test_the_switch_says_how_many_live_tokens_it_stops(world: World) -> None:
    client = browser(world.olga)
    assert "live tokens stop working at once: 1 now." in client.get(page_of(world.acme)).content.decode()
    Organization.objects.update(token_exchange_enabled=False)
    assert "tokens that are not over work again: 1 now." in client.get(page_of(world.acme)).content.decode()


def test_a_wrong_line_of_the_address_list_is_named_by_its_number_and_kept(world: World) -> None:
    form = {"name": "Acme", "exchange_rate_limit": "10", "allowed_ips": "10.0.0.0/8\n\n10.0.0.7/8"}
    page = browser(world.alice).post(page_of(world.acme), form).content.decode()
    assert "Line 3: 10.0.0.7/8 has host bits set; did you mean 10.0.0.0/8?" in page
    assert "10.0.0.7/8</textarea>" in page


def test_an_owner_deletes_the_organization_by_typing_its_slug(world: World) -> None:
    client, address = browser(world.olga), page_of(world.acme, "delete")
    page = client.get(address).content.decode()
    assert "1 token exchange app," in page
    assert "4 memberships;" in page
    assert "1 live tokens" in page
    page = client.post(address, {"slug": "acne"}).content.decode()
    assert "Nothing was deleted" in page
    assert 'value="acne"' in page
    assert Organization.objects.filter(slug="acme").exists()
    assert client.post(address, {"slug": "acme"})["Location"] == "/"
    assert not Organization.objects.filter(slug="acme").exists()
    assert not ExchangeApplication.objects.filter(pk=world.deploy_bot.pk).exists()
    assert User.objects.filter(pk=world.bob.pk).exists()
    assert Membership.objects.get().user == world.mallory
    event = AuditEvent.objects.get(type="ORGANIZATION_DELETED")
    assert (event.actor_id, event.organization_slug) == (world.olga.pk, "acme")
    assert client.get("/o/acme/").status_code == 404


@pytest.mark.parametrize(("name", "status"), [("alice", 403), ("carol", 403), ("bob", 403), ("mallory", 404)])
def test_nobody_but_an_owner_deletes_it(world: World, name: str, status: int) -> None:
    client = browser(world.person(name))
    for response in (
        client.get(page_of(world.acme, "delete")),
        client.post(page_of(world.acme, "delete"), {"slug": "acme"}),
        client.post(page_of(world.acme, "delete", slug="globex"), {"slug": "acme"}),
    ):
        assert response.status_code in (status, 403, 404)
    assert Organization.objects.filter(slug="acme").exists()


def test_an_owner_deletes_no_other_organization_than_the_one_in_the_address(world: World) -> None:
    address = page_of(world.acme, "delete", slug="globex")
    assert browser(world.mallory).post(address, {"slug": "globex"}).status_code == 403
    assert browser(world.mallory).post(address, {"slug": "acme"}).status_code == 403
    assert Organization.objects.count() == 2
    assert browser(world.otto).post(f"/exchange_apps/organization/{world.acme.pk}/delete/").status_code == 403


def test_inviting_leaving_and_deleting_ask_for_the_password_again(world: World) -> None:
    world.olga.set_password("correct horse battery")
    world.olga.save()
    client = browser(world.olga)  # signed in a while ago, as far as anybody knows
    for address, form in (
        (f"{MEMBERS}add/", {"email": "new@acme.test", "role": "member"}),
        (f"{MEMBERS}leave/", {}),
        (page_of(world.acme, "delete"), {"slug": "acme"}),
    ):
        assert "/account/proof/" in client.post(address, form)["Location"], address
    assert Organization.objects.filter(slug="acme").exists()
    assert not Invitation.objects.exists()

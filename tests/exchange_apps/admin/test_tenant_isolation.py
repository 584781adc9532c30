"""Who sees what: every address of the portal, as every role."""

from __future__ import annotations

import pytest
from django.urls import get_script_prefix, reverse

from exchange_apps.models import ExchangeApplication, Membership, Role
from tests import factories
from tests.exchange_apps.admin.portal import (
    APPS,
    LOG,
    MEMBERS,
    TOKENS,
    app_form,
    browser,
    every_address_of,
    every_list,
    everything_of,
    page_of,
)
from tests.world import World

ACME_WORDS = ("deploy-bot", "github-ci", "olga@", "alice@", "bob@", "carol@", "Acme", "acme.test")


def test_mallory_finds_nothing_at_any_address_of_acme(world: World) -> None:
    client = browser(world.mallory)
    for address in every_address_of(*everything_of(world.acme)):
        for response in (client.get(f"/o/acme/{address}"), client.post(f"/o/acme/{address}", {"post": "yes"})):
            assert response.status_code == 404, address
            assert not any(word in response.content.decode() for word in ACME_WORDS), address
    assert ExchangeApplication.objects.filter(pk=world.deploy_bot.pk).exists()


def test_an_invisible_organization_and_one_that_does_not_exist_are_answered_alike(world: World) -> None:
    client = browser(world.mallory)
    assert client.get("/o/acme/").content == client.get("/o/nowhere/").content
    assert client.get("/o/acme").status_code == client.get("/o/nowhere").status_code == 404


def test_mallory_finds_nothing_of_acme_below_her_own_organization(world: World) -> None:
    client = browser(world.mallory)
    for address in every_address_of(*everything_of(world.acme)):
        page = client.get(f"/o/globex/{address}", follow=True).content.decode()
        assert not any(word in page for word in ACME_WORDS), address
        client.post(f"/o/globex/{address}", {"post": "yes"})
    world.token.refresh_from_db()
    assert world.token.revoked_at is None
    assert not world.deploy_bot.key_history.exclude(switched_off_at=None).exists()
    assert Membership.objects.filter(organization=world.acme).count() == 4
    assert ExchangeApplication.objects.filter(pk=world.deploy_bot.pk).exists()


def test_mallory_finds_nothing_of_acme_outside_any_organization(world: World) -> None:
    client = browser(world.mallory)
    for address in every_address_of(*everything_of(world.acme)):
        page = client.get(f"/{address}", follow=True).content.decode()
        assert not any(word in page for word in ACME_WORDS), address


def test_filters_in_the_query_string_open_no_other_organization(world: World) -> None:
    client = browser(world.mallory)
    acme, app, token = world.acme.pk, world.deploy_bot.pk, world.token.pk
    for address in (
        f"audit/auditevent/?actor={app}",
        f"audit/auditevent/?subject={token}",
        f"audit/auditevent/?organization_id={acme}",
        f"audit/auditevent/?newer={token}",
        f"exchange_apps/mintedtoken/?app={app}",
        f"exchange_apps/mintedtoken/?organization={acme}",
        "exchange_apps/membership/?user__email=bob@acme.test",
        "exchange_apps/exchangeapplication/?organization__slug=acme",
        "exchange_apps/exchangeapplication/?q=deploy",
    ):
        page = client.get(f"/o/globex/{address}", follow=True).content.decode()
        assert "deploy-bot" not in page, address
        assert "bob@acme.test" not in page.replace("user__email=bob@acme.test", ""), address


def test_nobody_searches_columns_that_are_no_filter(world: World) -> None:
    for address in (f"{APPS}?jwks__icontains=a", f"{TOKENS}?digest=00", f"{MEMBERS}?user__password__startswith=a"):
        assert browser(world.olga).get(address).status_code == 400, address
    assert browser(world.otto).get("/exchange_apps/user/?password__startswith=md5").status_code == 400


@pytest.mark.parametrize("name", ["olga", "alice", "carol", "otto"])
def test_readers_open_every_list_and_page_of_their_organization(world: World, name: str) -> None:
    client = browser(world.person(name))
    for address in (APPS, LOG, TOKENS, MEMBERS, "/o/acme/", *map(page_of, everything_of(world.acme))):
        assert client.get(address).status_code == 200, address


def test_a_member_sees_own_tokens_and_nothing_else(world: World) -> None:
    client = browser(world.bob)
    assert b"My tokens" in client.get(TOKENS).content
    assert client.get(page_of(world.token)).status_code == 200
    for address in (APPS, LOG, MEMBERS, f"{APPS}add/"):
        assert client.get(address).status_code == 403, address
    for found in everything_of(world.acme):
        if found != world.token:
            for page in ("change", "history", "delete"):
                assert client.get(page_of(found, page)).status_code in (302, 403), (found, page)


def test_a_member_does_not_see_the_tokens_of_others(world: World) -> None:
    dora = factories.make_member(world.acme, "dora@acme.test")
    client = browser(dora)
    assert world.token.last_four not in client.get(TOKENS).content.decode()
    assert client.get(page_of(world.token)).status_code == 302
    client.post(page_of(world.token, "revoke"))
    world.token.refresh_from_db()
    assert world.token.revoked_at is None


def test_an_auditor_reads_everything_and_changes_nothing(world: World) -> None:
    client = browser(world.carol)
    assert client.post(f"{APPS}add/", app_form()).status_code == 403
    assert client.get(f"{APPS}add/").status_code == 403
    for found in everything_of(world.acme):
        assert client.post(page_of(found), app_form(name="renamed")).status_code == 403, found
        assert client.post(page_of(found, "delete"), {"post": "yes"}).status_code == 403, found
        page = client.get(page_of(found)).content.decode()
        assert 'name="_save"' not in page, found
        assert "<textarea" not in page, found
    assert client.post(page_of(world.token, "revoke")).status_code == 403
    assert client.post(page_of(world.deploy_bot, "fetch")).status_code == 403
    for key in world.deploy_bot.key_history.all():
        for turn in ("off", "on"):
            assert client.post(f"{page_of(world.deploy_bot, 'keys')}{key.pk}/{turn}/").status_code == 403
    world.deploy_bot.refresh_from_db()
    assert world.deploy_bot.name == "deploy-bot"


def test_only_operators_open_what_belongs_to_the_installation(world: World) -> None:
    for path in (
        "/exchange_apps/user/",
        "/exchange_apps/scope/",
        "/exchange_apps/organization/",
        "/exchange_apps/user/add/",
    ):
        assert browser(world.otto).get(path).status_code == 200, path
        for person in (world.olga, world.alice, world.bob, world.carol):
            assert browser(person).get(path).status_code == 403, path


def test_whoever_is_not_signed_in_is_sent_to_sign_in_from_everywhere(world: World) -> None:
    client = browser(None)
    for slug in ("acme", "nowhere"):
        for path in ["", *every_list()]:
            response = client.get(f"/o/{slug}/{path}")
            assert response.status_code == 302
            assert response["Location"].startswith("/login/?next=/o/"), path


def test_a_person_without_an_organization_is_told_whom_to_ask(world: World) -> None:
    client = browser(factories.make_user("nora@nowhere.test"))
    response = client.get("/", follow=True)
    assert response.status_code == 403
    assert "Ask an owner" in response.content.decode()
    assert client.post("/logout/").status_code == 302
    assert client.get("/").status_code == 302


def test_a_deactivated_member_is_out(world: World) -> None:
    Membership.objects.filter(user=world.alice).update(active=False)
    assert browser(world.alice).get(APPS).status_code == 404


def test_one_organization_is_opened_at_once_and_several_are_offered(world: World) -> None:
    client = browser(world.alice)
    assert client.get("/")["Location"] == "/o/acme/"
    Membership.objects.create(organization=world.globex, user=world.alice, role=Role.AUDITOR)
    page = client.get("/").content.decode()
    assert "/o/acme/" in page
    assert "/o/globex/" in page


def test_the_prefix_does_not_leak_into_the_next_request(world: World) -> None:
    client = browser(world.olga)
    assert "/o/acme/exchange_apps/" in client.get("/o/acme/").content.decode()
    client.get("/o/acme/no/such/page")
    client.get("/o/nowhere/")
    assert get_script_prefix() == "/"
    assert reverse("admin:index") == "/"


def test_machine_addresses_are_not_repeated_inside_an_organization(world: World) -> None:
    client = browser(world.olga)
    assert client.post("/o/acme/oauth/token").status_code == 404
    assert client.get("/o/acme/healthz").status_code == 404


def test_links_inside_an_organization_stay_inside_and_static_files_do_not(world: World) -> None:
    page = browser(world.olga).get(APPS).content.decode()
    assert 'href="/o/acme/audit/auditevent/"' in page
    assert 'href="/static/portal/portal.css"' in page
    assert "/o/acme/static" not in page


def test_no_page_has_anything_that_the_content_policy_forbids(world: World) -> None:
    client = browser(world.otto)
    addresses = [APPS, f"{APPS}add/", LOG, TOKENS, MEMBERS, f"{MEMBERS}add/", "/o/acme/", "/exchange_apps/user/add/"]
    for address in addresses + [page_of(found) for found in everything_of(world.acme)]:
        response = client.get(address)
        page = response.content.decode()
        assert "default-src 'self'" in response["Content-Security-Policy"]
        for forbidden in ("style=", "<style", "onclick=", "onload=", "javascript:", "data:"):
            assert forbidden not in page, (address, forbidden)
        assert page.count("<script") == page.count("<script src=")

"""Switching an app off and on, deleting it, and bringing it back: what each means for its tokens and its neighbours."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication
from exchange_apps.services.pruning import prune
from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import APPS, app_form, browser, page_of
from tests.keys import jwks
from tests.world import World


def delete(world: World, name: str = "olga", typed: str = "deploy-bot") -> Any:
    return browser(world.person(name)).post(page_of(world.deploy_bot, "delete"), {"post": "yes", "name": typed})


def restore(world: World, person: str = "olga", /, **form: str) -> Any:
    return browser(world.person(person)).post(page_of(world.deploy_bot, "restore"), form, follow=True)


def secret_of(exchange: Exchange) -> str:
    secret: str = exchange().json()["access_token"]
    return secret


# The switch


def test_one_press_disables_and_another_enables_with_their_events(
    world: World, exchange: Exchange, use_token: Any
) -> None:
    secret, client = secret_of(exchange), browser(world.alice)
    page = client.post(page_of(world.deploy_bot, "off"), follow=True).content.decode()
    assert "2 tokens do not work now" in page
    assert "Revoke 2 tokens for good" in page
    assert exchange().status_code == 401
    assert use_token(secret).status_code == 401
    client.post(page_of(world.deploy_bot, "on"))
    assert use_token(secret).status_code == 200
    changes = [event.data["changes"] for event in AuditEvent.objects.filter(type="TOKEN_EXCHANGE_APP_UPDATED")]
    assert sorted(change["enabled"]["after"] for change in changes) == [False, True]
    client.post(page_of(world.deploy_bot, "on"))  # it is on already: nothing to record
    assert AuditEvent.objects.filter(type="TOKEN_EXCHANGE_APP_UPDATED").count() == 2


def test_the_tokens_of_a_disabled_app_are_revoked_for_good_when_asked(
    world: World, exchange: Exchange, use_token: Any
) -> None:
    secret, client = secret_of(exchange), browser(world.alice)
    client.post(page_of(world.deploy_bot, "off"))
    assert (
        "2 tokens are revoked" in client.post(page_of(world.deploy_bot, "revoke-tokens"), follow=True).content.decode()
    )
    client.post(page_of(world.deploy_bot, "on"))
    assert use_token(secret).status_code == 401


def test_a_form_left_open_does_not_turn_an_app_on_again(world: World) -> None:
    browser(world.olga).post(page_of(world.deploy_bot, "off"))
    browser(world.alice).post(page_of(world.deploy_bot), app_form(jwks=json.dumps(world.deploy_bot.jwks)))
    world.deploy_bot.refresh_from_db()
    assert (world.deploy_bot.name, world.deploy_bot.enabled) == ("reporter", False)


@pytest.mark.parametrize("action", ["on", "off", "revoke-tokens"])
def test_readers_press_nothing_and_opening_an_address_does_nothing(world: World, action: str) -> None:
    assert browser(world.carol).post(page_of(world.deploy_bot, action)).status_code == 403
    assert browser(world.olga).get(page_of(world.deploy_bot, action)).status_code == 302
    world.deploy_bot.refresh_from_db()
    world.token.refresh_from_db()
    assert world.deploy_bot.enabled
    assert world.token.revoked_at is None


# Deleting


def test_only_an_owner_who_types_the_name_deletes(world: World) -> None:
    assert delete(world, "alice").status_code == 403
    assert (
        page_of(world.deploy_bot, "delete") not in browser(world.alice).get(page_of(world.deploy_bot)).content.decode()
    )
    page = browser(world.olga).get(page_of(world.deploy_bot, "delete")).content.decode()
    assert "1 live token stops working" in page
    assert "That is not the name" in delete(world, typed="deploy").content.decode()
    assert ExchangeApplication.objects.filter(pk=world.deploy_bot.pk).exists()
    assert delete(world)["Location"] == APPS
    assert AuditEvent.objects.get(type="TOKEN_EXCHANGE_APP_DELETED").actor_id == world.olga.pk


def test_a_deleted_app_is_gone_for_everybody_and_everything(world: World, exchange: Exchange, use_token: Any) -> None:
    secret = secret_of(exchange)
    delete(world)
    refused = exchange()
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert use_token(secret).status_code == 401
    client = browser(world.olga)
    assert world.deploy_bot.client_id not in client.get(APPS).content.decode()
    assert client.get(page_of(world.deploy_bot)).status_code == 302
    for action in ("on", "preview-keys", "fetch", "revoke-tokens"):
        assert client.post(page_of(world.deploy_bot, action)).status_code == 404, action
    # its tokens are still listed, and say that their app is gone
    assert "(deleted app)" in client.get("/o/acme/exchange_apps/mintedtoken/").content.decode()


def test_the_name_of_a_deleted_app_is_free_and_its_client_id_is_not(world: World) -> None:
    delete(world)
    browser(world.olga).post(f"{APPS}add/", app_form(name="deploy-bot"))
    assert ExchangeApplication.objects.get(name="deploy-bot").client_id != world.deploy_bot.client_id
    assert "has the name “deploy-bot” by now" in restore(world).content.decode()
    restore(world, name="old deploy-bot")
    assert ExchangeApplication.objects.get(client_id=world.deploy_bot.client_id).name == "old deploy-bot"


def test_another_organization_may_use_the_key_of_a_deleted_app(world: World) -> None:
    ExchangeApplication.objects.filter(pk=world.globex_bot.pk).update(jwks=jwks("other"))
    delete(world)
    form = app_form(jwks=json.dumps(jwks("deploy-1")))
    browser(world.mallory).post("/o/globex/exchange_apps/exchangeapplication/add/", form)
    assert ExchangeApplication.objects.filter(name="reporter").exists()


# Back again


def test_a_restored_app_is_disabled_until_somebody_enables_it(world: World, exchange: Exchange, use_token: Any) -> None:
    secret = secret_of(exchange)
    delete(world)
    page = browser(world.olga).get(f"{APPS}deleted/").content.decode()
    assert world.deploy_bot.client_id in page
    assert "is back, and disabled" in restore(world).content.decode()
    assert exchange().status_code == 401
    assert use_token(secret).status_code == 401
    browser(world.alice).post(page_of(world.deploy_bot, "on"))
    assert exchange().status_code == 200
    assert use_token(secret).status_code == 200
    assert AuditEvent.objects.get(type="TOKEN_EXCHANGE_APP_RESTORED").subject_id == world.deploy_bot.pk


def test_only_owners_see_and_restore_what_was_deleted_and_only_their_own(world: World) -> None:
    delete(world)
    for name in ("alice", "carol", "bob"):
        assert browser(world.person(name)).get(f"{APPS}deleted/").status_code == 403, name
        assert restore(world, name).status_code == 403, name
    theirs = browser(world.mallory).get("/o/globex/exchange_apps/exchangeapplication/deleted/").content.decode()
    assert "deploy-bot" not in theirs
    elsewhere = page_of(world.deploy_bot, "restore", "globex")
    assert browser(world.mallory).post(elsewhere).status_code == 404
    assert not ExchangeApplication.objects.filter(pk=world.deploy_bot.pk).exists()


def test_after_thirty_days_a_deleted_app_is_pruned(world: World) -> None:
    delete(world)
    now = timezone.now()
    assert prune(now=now + timedelta(days=29), sleep=lambda _: None)["deleted_apps"] == 0
    assert prune(now=now + timedelta(days=31), sleep=lambda _: None)["deleted_apps"] >= 1
    assert not ExchangeApplication.with_deleted.filter(pk=world.deploy_bot.pk).exists()
    assert ExchangeApplication.objects.filter(pk=world.globex_bot.pk).exists()


def test_an_app_that_is_not_deleted_cannot_be_restored(world: World) -> None:
    assert restore(world).status_code == 404


def test_what_is_asked_for_a_page_does_not_grow_with_tokens(world: World, django_assert_max_num_queries: Any) -> None:
    client = browser(world.olga)
    client.get(page_of(world.deploy_bot))
    with django_assert_max_num_queries(20):
        client.get(page_of(world.deploy_bot))
    for number in range(5):
        factories.make_application(world.acme, f"more-{number}")
    with django_assert_max_num_queries(20):
        client.get(page_of(world.deploy_bot))

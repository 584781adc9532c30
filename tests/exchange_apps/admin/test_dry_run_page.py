"""The dry run in the portal: who may, what it shows, and that nothing of the paste stays."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, RemoteKeySet
from exchange_apps.services.application_keys import note_keys
from exchange_apps.services.remote_keys import key_set_of
from tests import factories
from tests.conftest import good_form
from tests.exchange_apps.admin.portal import browser
from tests.exchange_apps.test_no_secrets import (  # noqa: F401 - fixtures
    assert_absent,
    everything_written,
    log,
    parts_of,
)
from tests.keys import jwks, sign_assertion
from tests.world import World

PAGE = "/o/acme/dry-run/"


def paste(world: World, text: str, person: str = "alice", **fields: str) -> Any:
    form = {"pasted": text, "address": "127.0.0.1", "subject": "bob@acme.test", "audience": "acme"} | fields
    return browser(world.person(person)).post(PAGE, form)


@pytest.mark.parametrize(
    ("name", "status"), [("olga", 200), ("alice", 200), ("carol", 200), ("otto", 200), ("bob", 403), ("mallory", 404)]
)
def test_whoever_may_read_may_run_it(world: World, name: str, status: int) -> None:
    assert browser(world.person(name)).get(PAGE).status_code == status
    assert paste(world, sign_assertion(world.deploy_bot.client_id), name).status_code == status
    assert AuditEvent.objects.filter(type="EXCHANGE_DRY_RUN").count() == (1 if status == 200 else 0)


def test_there_is_none_outside_an_organization(world: World) -> None:
    assert browser(world.otto).get("/dry-run/").status_code == 404


def test_a_good_assertion_would_get_a_token(world: World) -> None:
    page = paste(world, sign_assertion(world.deploy_bot.client_id)).content.decode()
    assert "would succeed" in page
    assert "read_builds" in page


@pytest.mark.parametrize(("fetched", "kid"), [(False, "deploy-1"), (True, "not-fetched-yet")])
def test_keys_that_were_not_fetched_are_told_apart_from_wrong_ones(world: World, fetched: bool, kid: str) -> None:
    def page() -> str:
        return paste(world, sign_assertion(world.deploy_bot.client_id, headers={"kid": kid})).content.decode()

    assert "No host is asked in a dry run" not in page()
    key_set, now = key_set_of("https://keys.example.com/jwks.json"), timezone.now()
    if fetched:
        good = {"document": jwks("deploy-1"), "fetched_at": now, "fresh_until": now + timedelta(hours=1)}
        RemoteKeySet.objects.filter(pk=key_set.pk).update(**good)
    app = ExchangeApplication.objects.filter(pk=world.deploy_bot.pk)
    app.update(jwks=None, jwks_uri=key_set.uri, key_set=key_set)
    assert "No host is asked in a dry run" in page()


def test_a_whole_request_brings_its_own_parameters(world: World) -> None:
    body = "\n".join(f"{k}={v}" for k, v in good_form(world.deploy_bot.client_id, audience="Acme Inc").items())
    page = paste(world, body, audience="elsewhere").content.decode()
    assert "is only a name for it: it must be exactly acme" in page


def test_a_clock_that_is_ahead_is_measured(world: World) -> None:
    now = int(time.time())
    page = paste(world, sign_assertion(world.deploy_bot.client_id, iat=now + 94, exp=now + 154)).content.decode()
    assert "ahead of this server" in page
    assert "not reached" in page


def test_a_link_leads_to_the_tab_where_it_is_mended_for_those_who_may(world: World) -> None:
    link = f"/o/acme/exchange_apps/exchangeapplication/{world.deploy_bot.pk}/change/#scopes"
    assertion = sign_assertion(world.deploy_bot.client_id)
    assert link in paste(world, assertion, scope="write_agents").content.decode()
    assert link not in paste(world, assertion, "carol", scope="write_agents").content.decode()


def test_a_key_of_another_app_of_the_organization_is_told_and_of_another_organization_is_not(world: World) -> None:
    other = factories.make_application(world.acme, "reporter", jwks=jwks("reporter-1"))

    note_keys(other, other.keys(), now=timezone.now())
    page = paste(world, sign_assertion(world.deploy_bot.client_id, key="reporter-1")).content.decode()
    assert "another app of this organization: reporter" in page


@pytest.mark.usefixtures("shared_database")
def test_nothing_of_the_paste_is_stored_logged_or_shown_again(
    everything_written: Callable[[], bytes],  # noqa: F811
    world: World,
) -> None:
    client = world.deploy_bot.client_id
    pasted = [
        sign_assertion(client),
        sign_assertion(client, aud="x"),
        sign_assertion(client, key="stranger", headers={"kid": "deploy-1"}),
        sign_assertion("0" * 20, jti="a-jti-that-nobody-keeps"),
        f'"{sign_assertion(client)}"',
    ]
    for text in pasted:
        shown = paste(world, text).content
        assert_absent(parts_of(text.strip('"')), shown)
    assert_absent([part for text in pasted for part in parts_of(text.strip('"'))], everything_written())
    assert b"a-jti-that-nobody-keeps" not in everything_written()


def test_markup_in_a_claim_is_shown_as_text(world: World) -> None:
    page = paste(world, sign_assertion(world.deploy_bot.client_id, sub="<script>alert(1)</script>")).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_a_paste_that_cannot_be_read_keeps_the_other_fields(world: World) -> None:
    page = paste(world, "curl x -d 'never-shown-again", subject="dora@acme.test").content.decode()
    assert "do not close" in page
    assert "dora@acme.test" in page
    assert "never-shown-again" not in page

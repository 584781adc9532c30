"""The preview of keys while somebody pastes them, or points at an address; and the warning before keys in use go."""

from __future__ import annotations

import json
import logging

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.admin.key_preview import preview_text
from exchange_apps.models import ApplicationKey, ExchangeApplication, Organization, RemoteKeySet
from exchange_apps.services.trial_fetch import TRIALS_PER_MINUTE
from tests.exchange_apps.admin.portal import APPS, app_form, browser, page_of
from tests.exchange_apps.admin.test_applications import SECRETS, every_row, secret_paste
from tests.exchange_apps.services.conftest import Save, publish, uri_of
from tests.jwks_host import JWKSHost, status_answer
from tests.keys import jwks, private_key, public_jwk
from tests.world import World

NEW_KEYS, NEW_URI = f"{APPS}preview-keys/", f"{APPS}preview-uri/"


def preview(world: World, text: str, address: str = NEW_KEYS) -> str:
    response = browser(world.olga).post(address, {"jwks": text})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    return response.content.decode()


def test_each_key_is_shown_with_what_it_is_and_whether_it_may_sign(world: World) -> None:
    good, bad = public_jwk("good"), public_jwk("bad", "ES256") | {"use": "enc", "alg": "ES384"}
    page = preview(world, json.dumps({"keys": [good, bad]}))
    assert "RSA 2048-bit" in page
    assert "RS256" in page
    thumbprint = world.deploy_bot.keys().keys[0].thumbprint
    assert page.count("data-copy=") == 2
    assert thumbprint not in page
    assert page.count('badge-good">yes') == page.count('badge-bad">no') == 1
    assert page.split('class="row-bad why"')[1].count("<li>") == 2  # each problem is a sentence of its own


def test_nothing_pasted_shows_nothing_and_nonsense_is_explained(world: World) -> None:
    assert preview(world, "  ").strip() == ""
    assert "JSON" in preview(world, "nonsense")
    assert "The key set is empty" in preview(world, '{"keys": []}')


def test_public_pem_is_offered_as_a_key_set(world: World) -> None:
    pem = private_key("pem").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    page = preview(world, pem)
    assert 'data-fill-keys="{' in page
    assert "BEGIN PUBLIC KEY" not in page


@pytest.mark.parametrize("kind", SECRETS)
def test_a_private_key_is_named_as_leaked_and_leaves_no_trace(
    world: World, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text, secrets = secret_paste(kind)
    page = preview(world, text)
    assert "data-clear-keys" in page
    assert "Treat it as leaked" in page
    for secret in secrets:
        assert not any(secret in place for place in (page, caplog.text, every_row()))


@given(st.text(max_size=200) | st.dictionaries(st.text(max_size=8), st.text(max_size=30)).map(json.dumps))
def test_whatever_is_pasted_has_an_answer_that_does_not_repeat_it(acme: Organization, text: str) -> None:
    context = preview_text(text, ExchangeApplication(organization=acme), now=timezone.now())
    long_enough = [word for word in text.split() if len(word) > 64]
    assert not any(word in str(context) for word in long_enough)


def test_only_who_may_change_apps_may_preview(world: World) -> None:
    key_set = json.dumps(jwks("new"))
    own = [page_of(world.deploy_bot, page) for page in ("preview-keys", "preview-uri")]
    for address in (NEW_KEYS, NEW_URI, *own):
        for person in (world.carol, world.bob):
            assert browser(person).post(address, {"jwks": key_set}).status_code == 403, address
        assert browser(world.mallory).post(address, {"jwks": key_set}).status_code == 404, address
    elsewhere = page_of(world.deploy_bot, "preview-keys", "globex")
    assert browser(world.mallory).post(elsewhere, {"jwks": key_set}).status_code == 404
    assert browser(world.olga).get(NEW_KEYS).status_code == 403  # a look from elsewhere asks no host and shows nothing


# Addresses


def test_an_address_is_tried_before_it_is_saved_and_nothing_of_it_is_kept(
    world: World, host: JWKSHost, save: Save
) -> None:
    publish(host, "idp-1", "idp-2")
    page = browser(world.olga).post(NEW_URI, {"jwks_uri": uri_of(host)}).content.decode()
    assert "HTTP 200 in" in page
    assert "idp-1" in page
    assert "idp-2" in page
    assert not RemoteKeySet.objects.exists()


def test_why_an_address_gives_no_keys_is_said(world: World, host: JWKSHost, save: Save) -> None:
    client = browser(world.olga)
    host.answer = status_answer(503)
    assert "HTTP 503" in client.post(NEW_URI, {"jwks_uri": uri_of(host)}).content.decode()
    assert "https" in client.post(NEW_URI, {"jwks_uri": "ftp://keys.example"}).content.decode()
    assert "Give the https address" in client.post(NEW_URI, {"jwks_uri": ""}).content.decode()


def test_an_organization_tries_only_so_often_a_minute(world: World, host: JWKSHost, save: Save) -> None:
    client = browser(world.olga)
    pages = [client.post(NEW_URI, {"jwks_uri": uri_of(host)}).content.decode() for _ in range(TRIALS_PER_MINUTE + 1)]
    assert "a lot of fetches" in pages[-1]
    assert "a lot of fetches" not in pages[-2]


# Keys in use


def changed_keys(world: World, **changes: object) -> dict[str, object]:
    return app_form(name=world.deploy_bot.name, jwks=json.dumps(jwks("deploy-2")), **changes)


def test_removing_a_key_that_signed_lately_is_asked_back(world: World) -> None:
    client = browser(world.olga)
    page = client.post(page_of(world.deploy_bot), changed_keys(world)).content.decode()
    assert "The key deploy-1 signed within the last 24 hours and is missing here" in page
    assert 'name="accept_removed_keys"' in page
    assert "deploy-2" in page  # what was pasted is still there
    world.deploy_bot.refresh_from_db()
    assert [key.kid for key in world.deploy_bot.keys().keys] == ["deploy-1"]
    client.post(page_of(world.deploy_bot), changed_keys(world, accept_removed_keys="on"))
    world.deploy_bot.refresh_from_db()
    assert [key.kid for key in world.deploy_bot.keys().keys] == ["deploy-2"]


def test_the_preview_warns_of_keys_in_use_that_would_go(world: World) -> None:
    address = page_of(world.deploy_bot, "preview-keys")
    assert "Keys in use would be gone" in preview(world, json.dumps(jwks("deploy-2")), address)
    assert "Keys in use would be gone" not in preview(world, json.dumps(jwks("deploy-1", "deploy-2")), address)


def test_a_key_that_never_signed_goes_without_a_question(world: World) -> None:
    ApplicationKey.objects.update(last_used_at=None)
    world.token.delete()
    response = browser(world.olga).post(page_of(world.deploy_bot), changed_keys(world))
    assert response.status_code == 302

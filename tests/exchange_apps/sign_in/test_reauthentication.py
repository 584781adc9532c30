"""Before a sensitive change people prove again who they are, and lose nothing of what they typed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.http import QueryDict
from django.test import Client

from exchange_apps.domain.jwk import JWKSet
from exchange_apps.models import ExchangeApplication, Organization, User
from tests.exchange_apps.admin.portal import APPS, app_form, page_of
from tests.exchange_apps.domain.test_private_der import private_texts
from tests.exchange_apps.sign_in.conftest import PASSWORD, code_of, set_up_app, sign_in
from tests.keys import jwks

PROOF = "/account/proof/password/"
LATER = 16 * 60


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-05-04 12:00:00", tick=True) as found:
        yield found


def led_to(client: Client, response: Any) -> str:
    """Where a browser ends up that is asked for a proof. One's account is no part of an organization."""
    while response.status_code == 302 and not response["Location"].startswith("/account/proof/"):
        response = client.get(response["Location"])
    return str(response["Location"]) if response.status_code == 302 else ""


def resent(page: str) -> tuple[str, dict[str, list[str]]]:
    """Where the waiting form goes, and what it sends."""
    action = re.search(r'<form method="post" action="([^"]+)" data-go-on>', page)
    assert action is not None, page
    fields: dict[str, list[str]] = {}
    for name, value in re.findall(r'<textarea name="([^"]+)" hidden>\n(.*?)</textarea>', page, re.DOTALL):
        fields.setdefault(name, []).append(unescape(value))
    return unescape(action[1]), fields


def test_a_fresh_sign_in_is_proof_enough(client: Client, ada: User, acme: Organization) -> None:
    sign_in(client)
    assert client.post(f"{APPS}add/", app_form())["Location"].startswith(APPS)


def test_later_the_password_is_asked_for_and_the_form_goes_on(
    client: Client, ada: User, acme: Organization, clock: time_machine.Traveller
) -> None:
    sign_in(client)
    clock.shift(LATER)
    response = client.post(f"{APPS}add/", app_form(name="typed “carefully”\n"))
    proof = led_to(client, response)
    assert proof.startswith(f"{PROOF}?next=")
    assert not ExchangeApplication.objects.exists()
    assert "Is it you?" in client.get(proof).content.decode()
    wrong = client.post(proof, {"password": "nonsense"}).content.decode()
    assert "That is not your password" in wrong
    page = client.post(proof, {"password": PASSWORD}, follow=True).content.decode()
    address, fields = resent(page)
    assert address == f"{APPS}add/"
    assert client.post(address, fields)["Location"].startswith(APPS)
    app = ExchangeApplication.objects.get()
    assert (app.name, app.grantable_scopes) == ("typed “carefully”", ["read_builds", "read_pipelines"])
    assert "waiting_change" not in client.session


def test_what_is_not_sensitive_is_not_asked_about(
    client: Client, ada: User, deploy_bot: ExchangeApplication, clock: time_machine.Traveller
) -> None:
    sign_in(client)
    clock.shift(LATER)
    assert client.get(page_of(deploy_bot)).status_code == 200
    assert client.get(APPS).status_code == 200


def test_deleting_is_sensitive(
    client: Client, ada: User, deploy_bot: ExchangeApplication, clock: time_machine.Traveller
) -> None:
    sign_in(client)
    clock.shift(LATER)
    form = {"post": "yes", "name": deploy_bot.name}
    assert led_to(client, client.post(page_of(deploy_bot, "delete"), form)).startswith(PROOF)
    assert ExchangeApplication.objects.filter(pk=deploy_bot.pk).exists()


def test_a_code_of_the_app_is_proof_too(client: Client, ada: User, clock: time_machine.Traveller) -> None:
    sign_in(client)
    secret = set_up_app(client)
    clock.shift(LATER)
    address = client.get("/account/two-factor/passkeys/add/")["Location"]
    assert "/account/proof/code/" in client.get(address).content.decode()
    by_code = address.replace("/password/", "/code/")
    assert client.post(by_code, {"code": code_of(secret)})["Location"] == "/account/two-factor/passkeys/add/"
    assert client.get("/account/two-factor/passkeys/add/").status_code == 200


def test_a_password_that_was_typed_does_not_wait_in_the_session(
    client: Client, db: None, clock: time_machine.Traveller
) -> None:
    User.objects.create_superuser("otto@operators.test", PASSWORD)
    sign_in(client, "otto@operators.test")
    clock.shift(LATER)
    form = {"email": "new@acme.test", "is_active": "on", "new_password": "another horse battery"}
    assert client.post("/exchange_apps/user/add/", form)["Location"].startswith(PROOF)
    assert "waiting_change" not in client.session


def test_of_keys_only_public_ones_wait_in_the_session(
    client: Client, ada: User, acme: Organization, clock: time_machine.Traveller
) -> None:
    sign_in(client)
    clock.shift(LATER)
    noted = jwks("reporter-1")
    noted["keys"][0]["note"] = "kept by nobody"
    form = app_form(jwks=json.dumps(noted), jwks_uri="MIIEvQIBADANBgkqhkiG9w0BAQ")
    assert led_to(client, client.post(f"{APPS}add/", form)).startswith(PROOF)
    waiting = QueryDict(client.session["waiting_change"]["form"])
    assert json.loads(waiting["jwks"]) == JWKSet.parse(noted).as_document()
    assert "kept by nobody" not in waiting["jwks"]
    assert "jwks_uri" not in waiting


@pytest.mark.parametrize("text", ["half a key set", *private_texts()])
def test_what_stands_in_the_hidden_field_of_keys_does_not_wait_in_the_session(
    client: Client, ada: User, acme: Organization, clock: time_machine.Traveller, text: str
) -> None:
    sign_in(client)
    clock.shift(LATER)
    form = app_form(key_source="uri", jwks_uri="https://keys.acme.test/jwks.json", jwks=text)
    client.post(f"{APPS}add/", form)
    assert text[:12] not in str(client.session.get("waiting_change"))
    assert text[:12] not in str(list(Session.objects.values_list("session_data", flat=True)))

"""Creating and changing apps in the portal."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.db import connection
from jwt.algorithms import RSAAlgorithm

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, Scope
from tests import factories
from tests.exchange_apps.admin.portal import APPS, app_form, browser, page_of
from tests.keys import jwks, private_key, public_jwk
from tests.world import World


def private_jwk(name: str) -> dict[str, Any]:
    members: dict[str, Any] = RSAAlgorithm.to_jwk(cast(RSAPrivateKey, private_key(name)), as_dict=True)
    return members | {"kid": name}


def test_an_owner_pastes_a_key_set_and_has_an_app_with_its_event(world: World) -> None:
    response = browser(world.olga).post(f"{APPS}add/", app_form(), HTTP_USER_AGENT="Firefox")
    app = ExchangeApplication.objects.get(name="reporter")
    assert response["Location"] == page_of(app)
    assert app.organization == world.acme
    assert app.exchange_allowed_ips == ["10.0.0.0/8", "192.0.2.1"]
    event = AuditEvent.objects.get(type="TOKEN_EXCHANGE_APP_CREATED", subject_id=app.pk)
    assert (event.actor_id, event.actor_name) == (world.olga.pk, "olga@acme.test")
    assert (event.organization_slug, event.request_ip, event.request_user_agent) == ("acme", "127.0.0.1", "Firefox")
    [key] = app.keys().keys
    assert event.data["changes"]["jwks"]["after"] == [{"kid": "reporter-1", "thumbprint": key.thumbprint}]


def test_the_page_of_a_new_app_shows_client_id_keys_and_a_ready_call(world: World) -> None:
    page = browser(world.olga).post(f"{APPS}add/", app_form(), follow=True).content.decode()
    app = ExchangeApplication.objects.get(name="reporter")
    [key] = app.keys().keys
    assert f'data-copy="{app.client_id}"' in page
    assert page.index(app.client_id) < page.index("reporter-1") < page.index("<textarea")
    assert key.thumbprint in page
    assert "RSA 2048-bit" in page
    assert "http://localhost:8000/oauth/token" in page
    assert "audience=acme" in page


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"jwks": ""}, "Paste the public keys"),
        ({"jwks": "{}"}, "A JSON Web Key Set is an object"),
        ({"jwks": '{"keys": []}'}, "The key set is empty"),
        ({"name": "deploy-bot"}, "Another app of this organization has this name"),
        ({"grantable_scopes": []}, "Choose at least one scope"),
        ({"grantable_scopes": ["no_such"]}, "There is no such scope: no_such"),
        ({"default_scopes": ["write_builds"]}, "Not among the scopes it may grant: write_builds"),
        (
            {"exchange_allowed_ips": "10.0.0.0/8\n\n10.0.0.1/8"},
            "Line 3: 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?",
        ),
        ({"token_allowed_ips": "somewhere"}, "Line 1: &#x27;somewhere&#x27; is no address"),
        ({"max_token_ttl": "29"}, "greater than or equal to 30"),
        ({"max_token_ttl": "86401"}, "less than or equal to 86400"),
        ({"max_assertion_lifetime": "59"}, "greater than or equal to 60"),
        ({"max_assertion_lifetime": "3601"}, "less than or equal to 3600"),
    ],
)
def test_bad_input_is_explained_and_the_rest_is_kept(world: World, changes: dict[str, Any], sentence: str) -> None:
    response = browser(world.alice).post(f"{APPS}add/", app_form(**changes))
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page
    assert "Makes the nightly report" in page
    assert not ExchangeApplication.objects.filter(name="reporter").exists()


def test_all_faults_are_told_together_and_each_once(world: World) -> None:
    page = (
        browser(world.alice)
        .post(f"{APPS}add/", app_form(jwks='{"keys": [1]}', grantable_scopes=[], name=""))
        .content.decode()
    )
    assert "3 things to correct" in page
    assert page.count("This is not a JSON object.") == 2  # in the summary and beside the field


def test_a_public_key_set_with_a_fault_goes_back_into_the_form(world: World) -> None:
    document = {"keys": [public_jwk("a") | {"kid": "the-kid-that-was-typed", "use": "enc"}]}
    page = browser(world.alice).post(f"{APPS}add/", app_form(jwks=json.dumps(document))).content.decode()
    assert "the-kid-that-was-typed&quot;, &quot;use" in page


SECRETS = ["jwk", "set", "lone key", "broken JSON", "PEM", "PEM as a JSON string", "base64 of DER", "python"]


def secret_paste(kind: str) -> tuple[str, list[str]]:
    """A private key as somebody might paste it, and what of it must appear nowhere."""
    members = private_jwk("leaked")
    key = private_key("leaked")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    der = base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
    parts = [members["d"][:40], members["p"][:40], members["dp"][:40], pem.splitlines()[5], der[400:440]]
    texts = {
        "jwk": json.dumps({"keys": [members]}),
        "set": json.dumps({"keys": [public_jwk("fine"), members]}, indent=2),
        "lone key": json.dumps(members),
        "broken JSON": json.dumps({"keys": [members]})[:-2],
        "PEM": pem,
        "PEM as a JSON string": json.dumps({"keys": [pem]}),
        "base64 of DER": der,
        "python": str({"keys": [members]}),
    }
    return texts[kind], parts


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_pasted_private_key_leaves_no_trace(
    world: World, kind: str, is_new: bool, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    text, secrets = secret_paste(kind)
    address = f"{APPS}add/" if is_new else page_of(world.deploy_bot)
    response = browser(world.olga).post(address, app_form(jwks=text))
    assert response.status_code == 200
    world.deploy_bot.refresh_from_db()
    assert world.deploy_bot.name == "deploy-bot"
    everywhere = [response.content.decode(), caplog.text, *capfd.readouterr(), every_row()]
    for secret in secrets:
        assert not any(secret in place for place in everywhere)
    assert "Makes the nightly report" in response.content.decode()


def every_row() -> str:
    """All that is in the database, as text."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names from the database itself
            rows += [repr(row) for row in cursor.fetchall()]
    return "\n".join(rows)


def test_public_pem_comes_back_as_a_key_set_to_look_at(world: World) -> None:
    pem = private_key("pem").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    page = browser(world.olga).post(f"{APPS}add/", app_form(jwks=pem)).content.decode()
    assert "What you pasted was PEM" in page
    assert "&quot;kty&quot;: &quot;RSA&quot;" in page
    assert "BEGIN PUBLIC KEY" not in page


def test_a_change_is_recorded_before_and_after_and_no_change_is_no_event(world: World) -> None:
    client, app = browser(world.alice), world.deploy_bot
    form = app_form(name=app.name, description="", jwks=json.dumps(app.jwks), grantable_scopes=app.grantable_scopes)
    form |= {"default_scopes": app.default_scopes, "exchange_allowed_ips": "", "max_token_ttl": "600"}
    client.post(page_of(app), form)
    event = AuditEvent.objects.get(type="TOKEN_EXCHANGE_APP_UPDATED")
    assert event.data["changes"] == {"max_token_ttl": {"before": 3600, "after": 600}}
    page = client.post(page_of(app), form, follow=True).content.decode()
    assert "Nothing differs" in page
    assert AuditEvent.objects.filter(type="TOKEN_EXCHANGE_APP_UPDATED").count() == 1
    history = client.get(page_of(app, "history")).content.decode()
    assert "alice@acme.test changed the app deploy-bot" in history


def test_a_key_of_another_organization_is_refused_beside_the_field(world: World) -> None:
    page = browser(world.mallory)
    page.post("/o/globex/exchange_apps/exchangeapplication/add/", app_form(jwks=json.dumps(jwks("shared"))))
    response = browser(world.olga).post(f"{APPS}add/", app_form(jwks=json.dumps(jwks("shared"))))
    assert response.status_code == 200
    assert "of another organization" in response.content.decode()
    assert "Makes the nightly report" in response.content.decode()
    assert ExchangeApplication.objects.filter(name="reporter").count() == 1


def test_a_scope_that_left_the_catalogue_is_named_and_goes_with_the_next_save(world: World) -> None:
    Scope.objects.filter(name="write_builds").delete()
    page = browser(world.olga).get(page_of(world.deploy_bot)).content.decode()
    assert "No longer in the catalogue" in page
    assert "write_builds" in page


def test_markup_in_names_is_shown_as_text(world: World) -> None:
    factories.make_application(world.acme, "<b>bold</b>", description="<script>alert(1)</script>")
    client = browser(world.carol)
    app = ExchangeApplication.objects.get(name="<b>bold</b>")
    for address in (APPS, "/o/acme/", page_of(app), page_of(app, "history")):
        page = client.get(address).content.decode()
        assert "<b>bold" not in page
        assert "<script>alert" not in page

"""An app's keys in the portal: where they come from, how they fare, and the switch of each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils.html import strip_tags
from jwt.utils import base64url_encode
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.models import AuditEvent
from exchange_apps.models import ApplicationKey, ExchangeApplication, MintedToken, RemoteKeySet
from exchange_apps.services.key_use import count_key_use
from exchange_apps.services.remote_keys import forget_attempts, refresh_key_set
from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import APPS, LOG, app_form, browser, page_of
from tests.exchange_apps.admin.test_applications import SECRETS, every_row, secret_paste
from tests.exchange_apps.services.conftest import Save, Travel, key_set, publish, uri_of
from tests.jwks_host import JWKSHost, json_answer, status_answer
from tests.keys import jwks, public_jwk
from tests.world import World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SHUT = "https://127.0.0.1:1/jwks.json"


def uri_form(uri: str, **changes: Any) -> dict[str, Any]:
    return app_form(**({"key_source": "uri", "jwks": "", "jwks_uri": uri} | changes))


def key_of(application: ExchangeApplication, kid: str = "deploy-1") -> ApplicationKey:
    return application.key_history.get(kid=kid)


def switch(key: ApplicationKey, turn: str = "off", slug: str = "acme") -> str:
    return f"{page_of(key.application, 'keys', slug)}{key.pk}/{turn}/"


def panel(world: World, name: str = "olga") -> str:
    """The text of the keys panel of `deploy_bot`."""
    page = browser(world.person(name)).get(page_of(world.deploy_bot)).content.decode()
    return page.split('id="keys"')[1].split("</section>")[0]


def fetch(world: World, name: str = "olga") -> str:
    response = browser(world.person(name)).post(page_of(world.deploy_bot, "fetch"), follow=True)
    return response.content.decode()


def a_minute_passes() -> None:
    RemoteKeySet.objects.update(attempted_at=datetime.now(UTC) - timedelta(seconds=61))
    forget_attempts()


# Where the keys come from


def test_both_fields_are_there_without_a_script_and_the_stored_source_is_chosen(
    world: World, remote: ExchangeApplication
) -> None:
    page = browser(world.olga).get(f"{APPS}add/").content.decode()
    assert 'name="key_source" value="keys"' in page
    assert 'name="jwks"' in page
    assert 'name="jwks_uri"' in page
    form = browser(world.olga).get(page_of(remote)).context["adminform"].form
    assert form["key_source"].value() == "uri"
    assert form["jwks_uri"].value() == remote.jwks_uri
    assert form["jwks"].value() is None


def test_an_app_with_a_uri_is_saved_and_its_keys_are_fetched(
    world: World, host: JWKSHost, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    publish(host, "idp-1", "idp-2")
    with django_capture_on_commit_callbacks(execute=True):
        browser(world.alice).post(f"{APPS}add/", uri_form(f" {uri_of(host)} ", jwks=json.dumps(jwks("left"))))
    app = ExchangeApplication.objects.get(name="reporter")
    assert (app.jwks, app.jwks_uri) == (None, uri_of(host))
    page = browser(world.alice).get(page_of(app)).content.decode()
    assert "idp-1" in page
    assert "idp-2" in page
    assert "HTTP 200" in page


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("", "Give the https address that publishes the keys."),
        ("http://keys.example.com/jwks.json", "Only https"),
        ("https://169.254.169.254/latest", "must not be contacted"),
        ("https://user:secret@keys.example.com/", "user name or password"),
        ("https://keys.example.com/" + "a" * 2000, "At most 2000 characters"),
        ("keys.example.com/jwks.json", "https"),
    ],
)
def test_a_uri_against_policy_is_refused_at_its_field_and_the_rest_is_kept(
    world: World, uri: str, sentence: str
) -> None:
    response = browser(world.olga).post(f"{APPS}add/", uri_form(uri, jwks=json.dumps(jwks("kept-1"))))
    form = response.context["adminform"].form
    assert list(form.errors) == ["jwks_uri"]
    assert any(sentence in error for error in form.errors["jwks_uri"])
    assert form["jwks_uri"].value() == uri
    assert "kept-1" in form["jwks"].value()
    assert "Makes the nightly report" in response.content.decode()
    assert not ExchangeApplication.objects.filter(name="reporter").exists()


def test_what_is_not_chosen_is_kept_until_it_is_saved(world: World) -> None:
    response = browser(world.olga).post(f"{APPS}add/", app_form(name="", jwks_uri="https://keys.example.com/a"))
    form = response.context["adminform"].form
    assert form["jwks_uri"].value() == "https://keys.example.com/a"
    assert list(form.errors) == ["name"]
    browser(world.olga).post(f"{APPS}add/", app_form(jwks_uri="not even an address"))
    assert ExchangeApplication.objects.get(name="reporter").jwks_uri == ""


def test_a_broken_paste_does_not_stand_in_the_way_of_a_uri(world: World, host: JWKSHost) -> None:
    browser(world.olga).post(f"{APPS}add/", uri_form(uri_of(host), jwks='{"keys": [1]}'))
    assert ExchangeApplication.objects.get(name="reporter").jwks_uri == uri_of(host)


@pytest.mark.parametrize("changes", [{"key_source": ""}, {"key_source": "elsewhere"}])
def test_a_source_must_be_chosen(world: World, changes: dict[str, str]) -> None:
    form = browser(world.olga).post(f"{APPS}add/", app_form(**changes)).context["adminform"].form
    assert list(form.errors) == ["key_source"]


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("field", ["jwks", "jwks_uri"])
def test_a_private_key_beside_or_in_the_uri_leaves_no_trace(world: World, field: str, kind: str) -> None:
    text, secrets = secret_paste(kind)
    form = uri_form("https://169.254.169.254/", **{field: text})
    page = browser(world.olga).post(f"{APPS}add/", form).content.decode()
    for secret in secrets:
        assert secret not in page
        assert secret not in every_row()


def test_a_private_key_in_the_field_that_is_not_chosen_is_told_all_the_same(world: World) -> None:
    text, _secrets = secret_paste("jwk")
    response = browser(world.olga).post(f"{APPS}add/", uri_form("https://keys.example.com/a", jwks=text))
    assert "Treat it as leaked" in str(response.context["adminform"].form.errors["key_source"])


@pytest.mark.django_db(transaction=True)
def test_a_host_that_fails_does_not_fail_the_save_and_is_told_at_once(world: World, host: JWKSHost) -> None:
    page = browser(world.olga).post(f"{APPS}add/", uri_form(SHUT), follow=True).content.decode()
    assert ExchangeApplication.objects.filter(name="reporter", jwks_uri=SHUT).exists()
    assert "is there now" in page
    assert "Its keys cannot be fetched at present." in page
    assert "No keys could be fetched yet." in page
    assert "Every exchange is refused until a fetch succeeds." in page


def test_from_a_uri_back_to_pasted_keys(world: World, remote: ExchangeApplication) -> None:
    form = app_form(name=remote.name, jwks=json.dumps(jwks("deploy-9")), jwks_uri=remote.jwks_uri)
    browser(world.olga).post(page_of(remote), form | {"accept_removed_keys": "on"})
    remote.refresh_from_db()
    assert (remote.jwks_uri, remote.key_set) == ("", None)
    shown = panel(world)
    assert "deploy-9" in shown
    assert "gone since" in shown
    assert "Fetch now" not in shown


# What the panel shows


def test_a_healthy_uri_shows_its_fetch_and_its_keys(world: World, remote: ExchangeApplication) -> None:
    shown = panel(world)
    key = key_of(remote)
    for text in (remote.jwks_uri, "HTTP 200", " ms", "Fresh until", "Next refresh", "RSA 2048-bit · RS256", "in use"):
        assert text in shown
    assert f'data-copy="{key.thumbprint}"' in shown
    assert "Failing since" not in shown


def test_a_failing_host_is_told_with_its_sentence_and_until_when_the_keys_serve(
    world: World, remote: ExchangeApplication, host: JWKSHost
) -> None:
    host.answer = status_answer(503)
    a_minute_passes()
    page = fetch(world)
    assert "The keys could not be fetched. The host answered HTTP 503" in page
    shown = panel(world)
    assert "message-warning" in shown
    assert "Failing since" in shown
    assert "The last good keys serve until" in shown
    assert "HTTP 503" in shown
    assert "in use" in shown
    assert "fetch fails" in browser(world.olga).get(APPS).content.decode()


def test_keys_too_old_to_serve_are_said_to_be(
    world: World, remote: ExchangeApplication, host: JWKSHost, start: datetime, at: Travel
) -> None:
    host.answer = status_answer(503)
    refresh_key_set(key_set(remote).pk, now=start + HOUR)
    with at(days=1, seconds=1):
        shown = panel(world)
    assert "every exchange is refused until a fetch succeeds" in shown
    assert "too old to serve" in shown
    assert "message-error" in shown


def test_the_bad_keys_of_a_set_are_shown_with_their_sentence(
    world: World, remote: ExchangeApplication, host: JWKSHost
) -> None:
    modulus = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
    weak = public_jwk("<b>weak") | {"n": base64url_encode(modulus.to_bytes(128)).decode()}
    host.answer = json_answer({"keys": [weak, *jwks("deploy-1")["keys"]]})
    a_minute_passes()
    page = fetch(world)
    assert "1 key fetched from 127.0.0.1 (HTTP 200" in page
    assert "1 key cannot be used; see below." in page
    shown = panel(world)
    assert "&lt;b&gt;weak" in shown
    assert "1024 bits" in shown


def test_a_key_that_went_and_one_of_another_organization_are_marked(
    world: World, remote: ExchangeApplication, host: JWKSHost, save: Save
) -> None:
    save(factories.make_application(world.globex, "first", jwks=jwks("theirs")), description="known now")
    publish(host, "deploy-2", "theirs")
    a_minute_passes()
    fetch(world)
    shown = panel(world)
    assert shown.index("another organization’s") > 0
    assert "gone since" in shown
    assert "globex" not in shown
    assert "first" not in shown.replace("First seen", "")


def test_of_many_keys_that_went_the_last_are_shown(world: World) -> None:
    now = datetime.now(UTC)
    ApplicationKey.objects.bulk_create(
        ApplicationKey(application=world.deploy_bot, kid=f"old-{n}", thumbprint="t", gone_at=now - n * DAY)
        for n in range(25)
    )
    shown = panel(world)
    assert "old-19" in shown
    assert "old-20" not in shown
    assert "5 keys that went earlier are not shown" in shown


def test_mints_are_counted_and_lead_to_the_tokens(world: World, at: Travel) -> None:
    count_key_use(now=datetime.now(UTC) + timedelta(minutes=1))
    shown = panel(world)
    address = f"/o/acme/exchange_apps/mintedtoken/?app={world.deploy_bot.pk}&amp;key_id=deploy-1"
    assert f'href="{address}" aria-label="1 mints: tokens of deploy-1">1</a>' in shown
    assert world.token.last_four in browser(world.olga).get(address.replace("&amp;", "&")).content.decode()


@pytest.fixture
def idle(world: World, save: Save) -> ExchangeApplication:
    """Two pasted keys for 40 days; one of them signed today."""
    app = save(world.deploy_bot, jwks=jwks("deploy-1", "deploy-2"))
    app.key_history.update(first_seen_at=datetime.now(UTC) - 40 * DAY)
    count_key_use(now=datetime.now(UTC) + timedelta(minutes=1))
    return app


def test_a_pasted_key_unused_for_30_days_is_safe_to_remove(world: World, idle: ExchangeApplication) -> None:
    shown = panel(world)
    assert shown.count("safe to remove") == 1
    assert shown.index("deploy-2") < shown.index("safe to remove")


@pytest.mark.parametrize("since", [{"first_seen_at": 29 * DAY}, {"last_used_at": 29 * DAY}])
def test_a_key_seen_or_used_within_30_days_is_not(world: World, idle: ExchangeApplication, since: Any) -> None:
    idle.key_history.update(**{name: datetime.now(UTC) - span for name, span in since.items()})
    assert "safe to remove" not in panel(world)


def test_nothing_is_safe_to_remove_while_nobody_counts(world: World, idle: ExchangeApplication, at: Travel) -> None:
    with at(hours=2):
        assert "safe to remove" not in panel(world)


def test_the_only_key_is_never_safe_to_remove(world: World) -> None:
    world.deploy_bot.key_history.update(first_seen_at=datetime.now(UTC) - 40 * DAY)
    MintedToken.objects.all().delete()
    count_key_use(now=datetime.now(UTC))
    assert "safe to remove" not in panel(world)


def test_the_list_says_how_many_keys_and_from_where(world: World, remote: ExchangeApplication) -> None:
    factories.make_application(world.acme, "pasted-app", jwks=jwks("p-1", "p-2"))
    page = strip_tags(browser(world.carol).get(APPS).content.decode())
    assert "1 RSA 2048-bit · from 127.0.0.1" in page
    assert "2 RSA 2048-bit · pasted" in page
    assert "fetch fails" not in page


# Fetch now


def test_fetch_now_brings_a_new_key(world: World, remote: ExchangeApplication, host: JWKSHost) -> None:
    publish(host, "deploy-1", "deploy-2", etag='"2"')
    a_minute_passes()
    assert "2 keys fetched from 127.0.0.1 (HTTP 200" in fetch(world, "alice")
    assert "deploy-2" in panel(world)
    a_minute_passes()
    assert "nothing changed (HTTP 304" in fetch(world)


def test_within_a_minute_it_says_when_the_next_fetch_is_possible(
    world: World, remote: ExchangeApplication, host: JWKSHost
) -> None:
    page = fetch(world)
    assert "127.0.0.1 was asked less than a minute ago. The next fetch is possible in" in page
    assert len(host.requests) == 1


def test_opening_the_address_of_fetch_now_fetches_nothing(
    world: World, remote: ExchangeApplication, host: JWKSHost
) -> None:
    a_minute_passes()
    response = browser(world.olga).get(page_of(remote, "fetch"))
    assert response["Location"] == page_of(remote)
    assert len(host.requests) == 1


# The switch


def test_the_switch_says_before_how_many_tokens_it_revokes_and_after_how_many_it_did(
    world: World, exchange: Exchange
) -> None:
    exchange()
    client, key = browser(world.alice), key_of(world.deploy_bot)
    page = client.get(switch(key)).content.decode()
    assert "2 live tokens were minted through this key" in page
    assert "Switch off and revoke 2 tokens" in page
    assert "No other key of this app can sign" in page
    assert MintedToken.objects.filter(revoked_at=None).count() == 2
    page = client.post(switch(key), follow=True).content.decode()
    assert "is switched off. 2 live tokens are revoked." in page
    assert "switched off" in panel(world)
    assert not MintedToken.objects.filter(revoked_at=None).exists()
    assert exchange().status_code == 401
    event = AuditEvent.objects.get(type="TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF")
    assert (event.actor_id, event.data["revoked_tokens"]) == (world.alice.pk, 2)


def test_a_key_is_switched_on_again(world: World, exchange: Exchange) -> None:
    client, key = browser(world.olga), key_of(world.deploy_bot)
    client.post(switch(key))
    assert "revoked stay revoked" in client.get(switch(key, "on")).content.decode()
    page = client.post(switch(key, "on"), follow=True).content.decode()
    assert "is switched on again" in page
    assert exchange().status_code == 200
    assert AuditEvent.objects.filter(type="TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON").count() == 1


def test_a_key_that_went_can_be_switched_off_for_its_tokens(world: World, save: Save) -> None:
    save(world.deploy_bot, jwks=jwks("deploy-2"))
    page = browser(world.olga).get(switch(key_of(world.deploy_bot))).content.decode()
    assert "1 live token was minted through this key" in page
    assert "No other key" not in page


def test_a_key_id_of_any_characters_has_its_switch(world: World, save: Save) -> None:
    document = {"keys": [public_jwk("odd", kid="a/b?c=ü&amp;<i>")]}
    app = save(world.deploy_bot, jwks=document)
    client, key = browser(world.olga), app.key_history.get(gone_at=None)
    assert "<i>" not in panel(world)
    assert client.get(switch(key)).status_code == 200
    client.post(switch(key))
    key.refresh_from_db()
    assert key.switched_off_at is not None


# Who may


ROLES = {"olga": 302, "alice": 302, "otto": 302, "carol": 403, "bob": 403, "mallory": 404}


@pytest.mark.parametrize(("name", "status"), ROLES.items())
@pytest.mark.parametrize("turn", ["fetch", "off", "on"])
def test_only_owners_and_admins_act_on_keys(
    world: World, remote: ExchangeApplication, host: JWKSHost, name: str, status: int, turn: str
) -> None:
    key = key_of(remote)
    a_minute_passes()
    address = page_of(remote, "fetch") if turn == "fetch" else switch(key, turn)
    client = browser(world.person(name))
    seen = client.get(address).status_code
    assert seen == (200 if status == 302 and turn != "fetch" else status)
    assert client.post(address).status_code == status
    key.refresh_from_db()
    assert (key.switched_off_at is not None) == (status == 302 and turn == "off")
    assert len(host.requests) == (2 if status == 302 and turn == "fetch" else 1)


@pytest.mark.parametrize("name", ["olga", "otto"])
def test_apps_and_keys_of_others_are_not_found(world: World, name: str) -> None:
    client, other = browser(world.person(name)), key_of(world.globex_bot)
    addresses = [page_of(world.globex_bot, "fetch")]
    for turn in ("off", "on"):
        addresses += [switch(other, turn), f"{page_of(world.deploy_bot, 'keys')}{other.pk}/{turn}/"]
    for address in addresses:
        for response in (client.get(address), client.post(address)):
            assert response.status_code == 404, address
            assert "globex" not in response.content.decode(), address
    other.refresh_from_db()
    assert other.switched_off_at is None


def test_whoever_is_not_signed_in_is_sent_to_sign_in(world: World) -> None:
    for address in (page_of(world.deploy_bot, "fetch"), switch(key_of(world.deploy_bot))):
        assert browser(None).post(address)["Location"].startswith("/login/")


def test_an_auditor_sees_the_panel_without_its_buttons(world: World, remote: ExchangeApplication) -> None:
    shown = panel(world, "carol")
    assert "deploy-1" in shown
    assert remote.jwks_uri in shown
    assert "Fetch now" not in shown
    assert "Switch off" not in shown


# The log


def event_page(world: World, kind: str) -> str:
    event = AuditEvent.objects.filter(type=kind).latest("id")
    return browser(world.carol).get(f"{LOG}{event.pk}/change/").content.decode()


def test_the_log_tells_which_keys_came_and_went(world: World, remote: ExchangeApplication, host: JWKSHost) -> None:
    publish(host, "deploy-2")
    a_minute_passes()
    fetch(world)
    page = event_page(world, "TOKEN_EXCHANGE_APP_KEYS_CHANGED")
    came, went = (key_of(remote, kid) for kid in ("deploy-2", "deploy-1"))
    assert page.index("Keys that came") < page.index(came.thumbprint) < page.index("Keys that went")
    assert page.index("Keys that went") < page.index(went.thumbprint)


def test_the_log_tells_why_a_fetch_failed_and_that_it_recovered(
    world: World, remote: ExchangeApplication, host: JWKSHost
) -> None:
    host.answer = status_answer(503)
    a_minute_passes()
    fetch(world)
    page = event_page(world, "JWKS_REFRESH_FAILED")
    assert "The host answered HTTP 503" in page
    assert "Last good keys serve until" in page
    assert 'badge-warn">failed' in page
    assert 'badge-warn">failed' in browser(world.carol).get("/o/acme/").content.decode()
    publish(host, "deploy-1")
    a_minute_passes()
    fetch(world)
    assert "can be fetched again" in event_page(world, "JWKS_REFRESH_RECOVERED")


def test_the_log_and_the_history_of_the_app_tell_of_the_switch(world: World) -> None:
    client, key = browser(world.olga), key_of(world.deploy_bot)
    client.post(switch(key))
    client.post(switch(key, "on"))
    assert "<dt>Revoked tokens</dt><dd>1</dd>" in event_page(world, "TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF")
    history = client.get(page_of(world.deploy_bot, "history")).content.decode()
    assert "olga@acme.test switched off the key deploy-1" in history
    assert "olga@acme.test switched on the key deploy-1" in history


def test_no_page_of_keys_has_anything_that_the_content_policy_forbids(
    world: World, remote: ExchangeApplication
) -> None:
    for address in (page_of(remote), switch(key_of(remote)), switch(key_of(remote), "on"), APPS):
        page = browser(world.olga).get(address).content.decode()
        for forbidden in ("style=", "<style", "onclick=", "javascript:", "data:"):
            assert forbidden not in page, (address, forbidden)

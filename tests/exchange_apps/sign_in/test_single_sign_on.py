"""Single sign-on against a provider that runs: whom it lets in, and every lie it is not believed."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client

from exchange_apps.models import ExchangeApplication, User
from exchange_apps.services import single_sign_on
from tests.exchange_apps.admin.portal import page_of
from tests.exchange_apps.sign_in.conftest import events, is_in, set_up_app, sign_in
from tests.exchange_apps.sign_in.oidc_provider import CLIENT, SECRET, Provider, running_provider
from tests.keys import ABSENT

START = "/account/sso/"


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with running_provider() as found:
        settings.OIDC_SSO_ISSUER, settings.OIDC_SSO_NAME = found.issuer, "Acme SSO"
        settings.OIDC_SSO_CLIENT_ID, settings.OIDC_SSO_CLIENT_SECRET = CLIENT, SECRET
        settings.OUTBOUND_ALLOWED_NETWORKS = (ipaddress.ip_network("127.0.0.0/8"),)
        single_sign_on.forget_discovery()
        yield found
        single_sign_on.forget_discovery()


def come_back(client: Client, provider: Provider, start: str = START) -> Any:
    """All of a browser's way: to the provider, sign in there, and back."""
    leaving = client.get(start)
    back = provider.sign_in(leaving["Location"])
    return client.get(back.removeprefix("http://localhost:8000"))


def test_a_person_with_that_verified_address_is_signed_in(client: Client, ada: User, provider: Provider) -> None:
    assert "Sign in with Acme SSO" in client.get("/login/?next=/o/acme/").content.decode()
    response = come_back(client, provider, f"{START}?next=/o/acme/")
    assert response["Location"] == "/o/acme/"
    assert is_in(client)
    assert events("USER_SIGNED_IN")[0].data == {"methods": ["sso"]}


def test_the_browser_leaves_with_pkce_state_and_nonce(client: Client, db: None, provider: Provider) -> None:
    asked = parse_qs(urlsplit(client.get(START)["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["state"][0]) >= 40 <= len(asked["nonce"][0])
    assert asked["redirect_uri"] == ["http://localhost:8000/account/sso/callback/"]
    assert SECRET not in str(asked)


@pytest.mark.parametrize(
    "lie",
    [
        {"nonce": "another"},
        {"nonce": ABSENT},
        {"aud": "another-client"},
        {"aud": [CLIENT, "another-client"]},
        {"azp": "another-client"},
        {"iss": "https://login.evil.test"},
        {"exp": int(time.time()) - 3600},
        {"exp": ABSENT},
        {"iat": int(time.time()) + 3600},
        {"sub": ABSENT},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": ABSENT},
        {"email": "stranger@acme.test"},
    ],
    ids=lambda lie: "-".join(lie),
)
def test_what_the_token_gets_wrong_signs_nobody_in(
    client: Client, ada: User, provider: Provider, lie: dict[str, Any]
) -> None:
    provider.claims = lie
    assert come_back(client, provider)["Location"] == "/login/"
    assert not is_in(client)
    assert "Acme SSO" in client.get("/login/").content.decode()
    assert User.objects.count() == 1
    assert not events("USER_SIGNED_IN")


def test_a_token_of_another_key_signs_nobody_in(client: Client, ada: User, provider: Provider) -> None:
    provider.key = "mallory-1"
    come_back(client, provider)
    assert not is_in(client)


def test_a_code_counts_in_the_browser_that_left_and_once(client: Client, ada: User, provider: Provider) -> None:
    back = provider.sign_in(client.get(START)["Location"]).removeprefix("http://localhost:8000")
    other = Client()
    other.get(START)
    other.get(back)
    assert not is_in(other)
    client.get(back)
    assert is_in(client)
    client.post("/logout/")
    client.get(back)
    assert not is_in(client)


def test_an_address_that_is_not_verified_here_opens_nothing(client: Client, ada: User, provider: Provider) -> None:
    User.objects.filter(pk=ada.pk).update(email_verified=False)
    come_back(client, provider)
    assert not is_in(client)


def test_somebody_switched_off_stays_outside_and_the_log_tells(client: Client, ada: User, provider: Provider) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)
    come_back(client, provider)
    assert not is_in(client)
    failure = events("USER_SIGN_IN_FAILED")[0]
    assert (failure.reason, failure.data) == ("user_inactive", {"method": "sso"})


def test_an_address_only_the_user_info_names_counts_too(client: Client, ada: User, provider: Provider) -> None:
    provider.claims = {"email": ABSENT, "email_verified": ABSENT}
    come_back(client, provider)
    assert is_in(client)
    assert "/me" in provider.calls


def test_a_second_factor_is_asked_for_after_it(client: Client, ada: User, provider: Provider) -> None:
    sign_in(client)
    set_up_app(client)
    other = Client()
    assert come_back(other, provider)["Location"] == "/account/two-factor/code/"
    assert not is_in(other)


def test_a_sensitive_change_leads_to_the_provider_and_on(
    client: Client, alice: User, deploy_bot: ExchangeApplication, provider: Provider
) -> None:
    provider.email = alice.email
    with time_machine.travel("2026-05-04 12:00:00") as clock:
        come_back(client, provider)
        assert is_in(client)
        clock.shift(16 * 60)
        leaving = client.post(page_of(deploy_bot, "revoke-tokens"))
        while not leaving["Location"].startswith(provider.issuer):
            leaving = client.get(leaving["Location"])
        asked = parse_qs(urlsplit(leaving["Location"]).query)
        assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
        provider.claims = {"auth_time": int(time.time()) - 3600}
        back = provider.sign_in(leaving["Location"]).removeprefix("http://localhost:8000")
        assert client.get(back)["Location"] == "/login/"
        provider.claims = {}
        again = client.get("/account/sso/again/?next=/account/go-on/")
        back = provider.sign_in(again["Location"]).removeprefix("http://localhost:8000")
        assert client.get(back)["Location"] == "/account/go-on/"


def test_private_addresses_are_not_called_without_leave(
    client: Client, db: None, provider: Provider, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = ()
    assert client.get(START)["Location"] == "/login/"
    assert provider.calls == []


def test_without_settings_there_is_no_such_page(client: Client, db: None) -> None:
    assert client.get(START).status_code == 404
    assert client.get("/account/sso/callback/").status_code == 404

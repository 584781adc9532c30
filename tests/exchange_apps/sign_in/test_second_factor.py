"""Authenticator apps and recovery codes: set up, used once, encrypted, in the log."""

from __future__ import annotations

import json

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from exchange_apps.models import User
from exchange_apps.services.encryption import decrypt
from tests.conftest import statements
from tests.exchange_apps.sign_in.conftest import (
    APP,
    CODES,
    SECURITY,
    code_of,
    events,
    is_in,
    recovery_codes,
    set_up_app,
    sign_in,
)

CODE_PAGE = "/account/two-factor/code/"


@pytest.fixture
def secret(client: Client, ada: User) -> str:
    sign_in(client)
    return set_up_app(client)


def test_signing_in_takes_a_second_step_once_an_app_is_set_up(secret: str) -> None:
    other = Client()
    assert sign_in(other)["Location"] == CODE_PAGE
    assert not is_in(other)
    assert "Second step" in other.get(CODE_PAGE).content.decode()
    assert other.post(CODE_PAGE, {"code": code_of(secret)})["Location"] == "/"
    assert is_in(other)
    assert events("USER_SIGNED_IN")[-1].data == {"methods": ["password", "totp"]}


def test_a_code_signs_in_once_in_all_the_time_it_counts(secret: str) -> None:
    code = code_of(secret)
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser)
        browser.post(CODE_PAGE, {"code": code})
    assert is_in(first)
    assert not is_in(second)


def test_the_code_that_set_it_up_does_not_sign_in(client: Client, ada: User) -> None:
    sign_in(client)
    secret = set_up_app(client)
    other = Client()
    sign_in(other)
    page = other.post(CODE_PAGE, {"code": code_of(secret, -1)}).content.decode()
    assert "each works once" in page
    assert not is_in(other)


def test_a_wrong_code_is_refused_recorded_and_soon_limited(secret: str) -> None:
    other = Client()
    sign_in(other)
    for _ in range(5):
        other.post(CODE_PAGE, {"code": "000000"})
    failure = events("USER_SIGN_IN_FAILED")[0]
    assert (failure.reason, failure.data, failure.outcome) == ("wrong_code", {"method": "totp"}, "denied")
    assert "Too many tries" in other.post(CODE_PAGE, {"code": code_of(secret)}).content.decode()
    assert not is_in(other)


def test_a_recovery_code_works_once(client: Client, secret: str) -> None:
    code = recovery_codes(client)[0]
    first, second = Client(), Client()
    for browser in (first, second):
        sign_in(browser)
        browser.post(CODE_PAGE, {"code": code})
    assert is_in(first)
    assert not is_in(second)
    assert events("USER_SIGNED_IN")[-1].data == {"methods": ["password", "recovery_code"]}
    assert code not in recovery_codes(client)
    assert len(recovery_codes(client)) == 9


def test_new_recovery_codes_end_the_old_ones(client: Client, secret: str) -> None:
    old = recovery_codes(client)
    assert client.post(f"{CODES}new/")["Location"] == CODES
    new = recovery_codes(client)
    assert not set(old) & set(new)
    assert client.get(f"{CODES}file/").content.decode().count("\n") > len(new)
    assert len(events("USER_RECOVERY_CODES_GENERATED")) == 2
    assert len(events("USER_RECOVERY_CODES_VIEWED")) == 3


def test_secrets_are_encrypted_wherever_they_lie(client: Client, ada: User) -> None:
    sign_in(client)
    client.get(APP)
    waiting = decrypt(client.session["mfa.totp.secret"])
    assert waiting not in str(client.session.items())
    secret = set_up_app(client)
    codes = recovery_codes(client)
    stored = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret
    everything = stored + str([session.get_decoded() for session in Session.objects.all()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM audit_auditevent")
        everything += str(cursor.fetchall())
    assert not [text for text in (secret, *codes) if text in everything]


def test_removing_the_app_is_recorded_and_takes_the_codes_along(client: Client, secret: str) -> None:
    assert client.post("/account/two-factor/app/remove/")["Location"] == SECURITY
    assert not Authenticator.objects.exists()
    assert [event.data["method"] for event in events("USER_AUTHENTICATOR_REMOVED")] == ["totp"]
    assert sign_in(Client())["Location"] == "/"


def test_the_first_factor_ends_sessions_that_came_in_without(client: Client, ada: User) -> None:
    old = Client()
    sign_in(old, HTTP_USER_AGENT="Firefox")
    sign_in(client)
    set_up_app(client)
    assert old.get("/o/acme/").status_code == 302
    assert client.get("/o/acme/").status_code == 200
    assert events("USER_SESSIONS_ENDED")[0].data["ended"][0]["user_agent"] == "Firefox"


def test_the_security_page_costs_the_same_for_many_passkeys(client: Client, secret: str, ada: User) -> None:
    client.get(SECURITY)
    with statements() as before:
        client.get(SECURITY)
    assert len(before) <= 12, before

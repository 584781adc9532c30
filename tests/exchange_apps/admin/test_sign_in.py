"""Signing in: one answer for every failure, limited, and in the log."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import Organization, User
from exchange_apps.sign_in.account_adapter import TRIES_PER_MINUTE
from tests import factories

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(acme: Organization) -> User:
    return factories.make_member(acme, "ada@acme.test", password=PASSWORD)


def sign_in(client: Client, email: str, password: str, next_page: str = "", **extra: Any) -> Any:
    return client.post("/login/", {"login": email, "password": password, "next": next_page}, **extra)


def test_signing_in_by_e_mail_in_any_case_is_recorded(client: Client, ada: User) -> None:
    response = sign_in(client, "Ada@ACME.test", PASSWORD, HTTP_USER_AGENT="Firefox")
    assert response["Location"] == "/"
    event = AuditEvent.objects.get()
    assert (event.type, event.outcome, event.actor_id, event.organization_slug) == (
        "USER_SIGNED_IN",
        "success",
        ada.pk,
        "acme",
    )
    assert (event.request_ip, event.request_user_agent) == ("127.0.0.1", "Firefox")
    assert event.data == {"methods": ["password"]}


def test_a_failed_sign_in_is_recorded_without_what_was_typed(client: Client, ada: User) -> None:
    sign_in(client, "ada@acme.test", "a-typed-secret")
    event = AuditEvent.objects.get()
    assert (event.type, event.outcome, event.subject_id) == ("USER_SIGN_IN_FAILED", "denied", ada.pk)
    assert "a-typed-secret" not in str(vars(event))


def test_an_unknown_address_is_not_recorded_at_all(client: Client, ada: User) -> None:
    sign_in(client, "my-password@typed.here", "x")
    assert not AuditEvent.objects.exists()


def test_every_failure_reads_the_same(client: Client, ada: User) -> None:
    def page(email: str, password: str) -> str:
        text = sign_in(Client(), email, password).content.decode()
        token = text.split('csrfmiddlewaretoken" value="')[1].split('"')[0]
        return text.replace(email, "E").replace(token, "T")

    off = factories.make_user("off@acme.test", password=PASSWORD, is_active=False)
    wrong, unknown, inactive = page("ada@acme.test", "x"), page("nobody@acme.test", "x"), page(off.email, PASSWORD)
    assert wrong == unknown == inactive
    assert "do not belong together" in wrong


def test_after_too_many_tries_even_the_right_password_waits(client: Client, ada: User) -> None:
    for _ in range(TRIES_PER_MINUTE):
        sign_in(client, "ada@acme.test", "wrong")
    response = sign_in(client, "ada@acme.test", PASSWORD)
    assert "Too many tries" in response.content.decode()
    assert "_auth_user_id" not in client.session
    # another address is another window
    assert sign_in(client, "ada@acme.test", PASSWORD, REMOTE_ADDR="192.0.2.7").status_code == 302


def test_failures_cannot_fill_the_log(client: Client, ada: User) -> None:
    for number in range(3):
        for _ in range(8):
            sign_in(client, "ada@acme.test", "wrong", REMOTE_ADDR=f"192.0.2.{number}")
    assert AuditEvent.objects.filter(type="USER_SIGN_IN_FAILED").count() == 10


def test_the_next_page_is_ours_or_the_overview(client: Client, ada: User) -> None:
    assert (
        sign_in(client, "ada@acme.test", PASSWORD, next_page="/o/acme/audit/auditevent/")["Location"]
        == "/o/acme/audit/auditevent/"
    )
    client.logout()
    assert sign_in(client, "ada@acme.test", PASSWORD, next_page="https://evil.test/")["Location"] == "/"


def test_whoever_is_signed_in_is_not_asked_again(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/login/")["Location"] == "/"
    assert client.get("/login/?next=/login/")["Location"] == "/"
    assert client.get("/login/?next=/o/acme/")["Location"] == "/o/acme/"


def test_the_real_password_hasher_signs_in(client: Client, ada: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    ada.set_password(PASSWORD)
    ada.save()
    assert ada.password.startswith("argon2")
    assert sign_in(client, "ada@acme.test", PASSWORD).status_code == 302


def test_signing_out_needs_a_post_and_ends_the_session(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/o/acme/").status_code == 302

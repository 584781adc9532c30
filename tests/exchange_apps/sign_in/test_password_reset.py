"""A forgotten password: a link by mail, that works once, and the same answer for everybody."""

from __future__ import annotations

import re
import time
from typing import Any

from django.core import mail
from django.test import Client

from exchange_apps.models import User
from tests.exchange_apps.sign_in.conftest import PASSWORD, events, is_in, sign_in

FORGOTTEN = "/account/password/forgotten/"
NEW = {"password1": "brand new staple", "password2": "brand new staple"}


def link_in_the_mail() -> str:
    deadline = time.monotonic() + 5
    while not mail.outbox and time.monotonic() < deadline:
        time.sleep(0.01)
    found = re.search(r"http://localhost:8000(/account/password/new/\S+)", mail.outbox[-1].body)
    assert found is not None
    return found[1]


def test_a_link_sets_a_new_password_once(client: Client, ada: User) -> None:
    old = Client()
    sign_in(old)
    client.post(FORGOTTEN, {"email": "Ada@acme.test"}, HTTP_HOST="127.0.0.1")
    link = link_in_the_mail()
    assert mail.outbox[-1].to == ["ada@acme.test"]
    form = client.get(link)["Location"]
    assert "key" not in form.rsplit("/", 2)[-2]
    assert client.post(form, NEW)["Location"] == "/account/password/new/done/"
    assert "This link has ended" in client.get(link).content.decode()
    assert old.get("/o/acme/").status_code == 302
    assert not is_in(client)
    sign_in(client, password=PASSWORD)
    assert not is_in(client)
    sign_in(client, password="brand new staple")
    assert is_in(client)
    assert [event.actor_type for event in events("USER_PASSWORD_RESET_REQUESTED")] == ["SYSTEM"]
    assert events("USER_UPDATED")[0].actor_id == ada.pk


def test_nobody_learns_who_has_an_account(client: Client, ada: User) -> None:
    def answer(email: str) -> Any:
        response = Client().post(FORGOTTEN, {"email": email})
        return response.status_code, response["Location"], Client().get(response["Location"]).content

    assert answer("ada@acme.test") == answer("nobody@acme.test")
    link_in_the_mail()
    assert [message.to for message in mail.outbox] == [["ada@acme.test"]]


def test_asking_again_and_again_is_limited_and_hardly_fills_the_log(client: Client, ada: User) -> None:
    answers = [client.post(FORGOTTEN, {"email": "ada@acme.test"}).status_code for _ in range(7)]
    assert answers == [302] * 5 + [429] * 2
    assert len(events("USER_PASSWORD_RESET_REQUESTED")) == 5

"""One's own sessions: seen, ended, recorded; nobody else's."""

from __future__ import annotations

import re

from allauth.usersessions.models import UserSession
from django.test import Client

from exchange_apps.models import Organization, User
from tests import factories
from tests.conftest import statements
from tests.exchange_apps.sign_in.conftest import PASSWORD, events, is_in, sign_in

SESSIONS, END = "/account/sessions/", "/account/sessions/end/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_a_session_is_listed_and_ended_from_another(client: Client, ada: User) -> None:
    other = Client()
    sign_in(other, HTTP_USER_AGENT=FIREFOX, REMOTE_ADDR="192.0.2.7")
    sign_in(client)
    page = client.get(SESSIONS).content.decode()
    assert "Firefox · Linux" in page
    assert "192.0.2.7" in page
    assert page.count("this browser") == 1
    which = re.search(r'name="session" value="(\d+)"', page)
    assert which is not None
    assert client.post(END, {"session": which[1]})["Location"] == SESSIONS
    assert other.get("/o/acme/").status_code == 302
    assert events("USER_SESSIONS_ENDED")[0].data == {"ended": [{"ip": "192.0.2.7", "user_agent": FIREFOX}]}


def test_all_others_end_at_once_and_this_one_stays(client: Client, ada: User) -> None:
    others = [Client(), Client()]
    for one in (*others, client):
        sign_in(one)
    client.post(END, {"session": "others"})
    assert client.get("/o/acme/").status_code == 200
    assert [one.get("/o/acme/").status_code for one in others] == [302, 302]


def test_nobody_ends_the_session_of_somebody_else(client: Client, ada: User, globex: Organization) -> None:
    factories.make_member(globex, "eve@globex.test", password=PASSWORD)
    sign_in(client)
    theirs = Client()
    sign_in(theirs, "eve@globex.test")
    row = UserSession.objects.get(user__email="eve@globex.test")
    client.post(END, {"session": str(row.pk)})
    client.post(END, {"session": "9" * 40})
    assert theirs.get("/o/globex/").status_code == 200
    assert not events("USER_SESSIONS_ENDED")


def test_the_list_costs_the_same_for_many_sessions(client: Client, ada: User) -> None:
    sign_in(client)
    client.get(SESSIONS)
    with statements() as few:
        client.get(SESSIONS)
    for _ in range(6):
        sign_in(Client())
    with statements() as many:
        client.get(SESSIONS)
    assert len(few) == len(many)


def test_changing_the_password_ends_the_others(client: Client, ada: User) -> None:
    other = Client()
    sign_in(other)
    sign_in(client)
    form = {"oldpassword": PASSWORD, "password1": "brand new staple", "password2": "brand new staple"}
    assert client.post("/account/password/change/", form)["Location"] == "/account/"
    assert is_in(client)
    assert client.get("/o/acme/").status_code == 200
    assert other.get("/o/acme/").status_code == 302
    assert "staple" not in str([event.data for event in events("USER_UPDATED")])

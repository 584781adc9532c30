"""Pages ask the database as often for many rows as for one."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import APPS, MEMBERS, TOKENS, browser, page_of
from tests.keys import jwks
from tests.world import World

PAGES: dict[str, Callable[[World], str]] = {
    "activity": lambda world: page_of(world.deploy_bot, "activity"),
    "trace": lambda _world: f"{TOKENS}trace/",
    "token": lambda world: page_of(world.token),
    "revoke all": lambda world: f"{TOKENS}revoke-all/?app={world.deploy_bot.pk}",
    "members": lambda _world: MEMBERS,
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_as_much_for_many_as_for_one(world: World, exchange: Exchange, page: str) -> None:
    client, address = browser(world.olga), PAGES[page](world)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    asked()  # what a process reads once
    few = asked()
    for number in range(6):
        factories.make_member(world.acme, f"member-{number}@acme.test")
        assert exchange().status_code == 200
        assert exchange(scope="write_everything").status_code == 400
    assert asked() == few


def test_the_preview_of_keys_asks_as_much_for_many_as_for_one(world: World) -> None:
    client = browser(world.olga)

    def asked(*kids: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(f"{APPS}preview-keys/", {"jwks": json.dumps(jwks(*kids))})
        assert answer.content.decode().count("data-copy=") >= len(kids)
        return len(captured)

    asked("one")
    assert asked("one") == asked(*(f"key-{number}" for number in range(4)))

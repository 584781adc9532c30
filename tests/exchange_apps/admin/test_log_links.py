"""Each number of the overview and of an app's activity opens the events that it counts, no more and no fewer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import time_machine

from audit import identifiers
from audit.actions import AuditAction
from audit.search.query import parse, render
from exchange_apps.admin.log_links import log_link
from exchange_apps.models import User
from exchange_apps.services.daily_counts import count_days
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import LOG, browser, page_of
from tests.world import World

_NUMBER = re.compile(rf'<a[^>]* href="({LOG}\?query=type[^"]*)"[^>]*>(?:<strong>)?(\d+)\b')
_EVENT = re.compile(rf'href="{LOG}([0-9a-f-]{{36}})/')
APP = UUID("0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee")


def numbers(user: User, page: str) -> dict[str, int]:
    """The numbers that lead to the log, by where they lead."""
    html = browser(user).get(page).content.decode()
    return {unescape(address): int(number) for address, number in _NUMBER.findall(html)}


def events(user: User, address: str) -> int:
    return len(set(_EVENT.findall(browser(user).get(address).content.decode())))


@pytest.fixture
def tomorrow(world: World, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A mint and a refusal yesterday, which `world` has; today two more mints and another refusal, all counted."""
    monkeypatch.setattr(identifiers, "_last", 0)  # identifiers only grow, so a day spent in the future would stay
    count_days(now=datetime.now(UTC) + timedelta(seconds=20))
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1), tick=True):
        for scope in ("read_builds", "read_pipelines"):
            assert exchange(scope=scope).status_code == 200
        assert exchange(key="deploy-2", headers={"kid": "deploy-1"}).status_code == 401
        count_days(now=datetime.now(UTC) + timedelta(seconds=20))
        yield world


@pytest.mark.parametrize("page", ["overview", "activity"])
def test_every_number_opens_as_many_events_as_it_says(tomorrow: World, page: str) -> None:
    found = numbers(tomorrow.carol, "/o/acme/" if page == "overview" else page_of(tomorrow.deploy_bot, "activity"))
    assert {1, 2, 3} <= set(found.values())
    assert len(found) >= 8
    for address, number in found.items():
        assert events(tomorrow.carol, address) == number, address


def test_a_link_is_a_search_as_somebody_would_write_it() -> None:
    day = date(2026, 12, 31)
    link = log_link(AuditAction.TOKEN_EXCHANGE_DENIED, app=APP, reason="assertion_expired", day=day)
    text = parse_qs(urlsplit(link).query)["query"][0]
    assert text == (
        f"type:TOKEN_EXCHANGE_DENIED app:{APP} reason:assertion_expired"
        " after:2026-12-31T00:00Z before:2027-01-01T00:00Z"
    )
    assert render(parse(text)) == text
    assert parse_qs(urlsplit(log_link(app=APP, since=day)).query)["query"] == [f"app:{APP} after:2026-12-31T00:00Z"]

"""What an admin sees at a glance: the overview, the list of apps, and the activity of one."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from exchange_apps.models import ApplicationKey, ExchangeApplication, RemoteKeySet
from exchange_apps.services import live_tokens
from exchange_apps.services.daily_counts import count_days
from exchange_apps.services.remote_keys import key_set_of
from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import APPS, app_form, browser, page_of
from tests.world import World

OVERVIEW = "/o/acme/"


def count() -> None:
    count_days(now=datetime.now(UTC) + timedelta(seconds=20))


def figures(page: str) -> dict[str, str]:
    """The numbers at the top, by their label."""
    return {label: number for number, label in re.findall(r"<strong>([\d,+]+)</strong><span>([^<]+)</span>", page)}


def listed(page: str) -> set[str]:
    return {name for name in ("deploy-bot", "busy", "idle", "new", "failing") if f">{name} <" in page}


@pytest.fixture
def failing(world: World) -> ExchangeApplication:
    """An app whose host fails since an hour; the last good keys still serve."""
    app, now = factories.make_application(world.acme, "failing"), timezone.now()
    key_set = key_set_of("https://keys.example.com/jwks.json")
    RemoteKeySet.objects.filter(pk=key_set.pk).update(
        failing_since=now - timedelta(hours=1), fetched_at=now - timedelta(hours=2), last_sentence="It did not answer."
    )
    ExchangeApplication.objects.filter(pk=app.pk).update(jwks=None, jwks_uri=key_set.uri, key_set=key_set)
    return app


def test_the_overview_tells_mints_refusals_and_live_tokens(world: World, exchange: Exchange) -> None:
    exchange()
    count()
    page = browser(world.carol).get(OVERVIEW).content.decode()
    assert figures(page) == {
        "Minted today": "2",
        "Refused today": "1",
        "Live tokens": "2",
        "Failing keys": "0",
        "Expiring keys": "0",
        "Unused apps": "0",
    }
    assert "scope_not_grantable" in page
    assert re.search(r"as of \d\d:\d\d UTC", page)


def test_every_number_links_to_its_list_and_every_link_opens(world: World) -> None:
    count()
    client = browser(world.alice)
    page = client.get(OVERVIEW).content.decode()
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="(/o/acme/[^"#]*\?[^"]*)"', page)}
    assert len(links) >= 6
    for link in links:
        assert client.get(link).status_code == 200, link


def test_charts_are_told_in_words_and_as_a_table(world: World) -> None:
    count()
    page = browser(world.alice).get(OVERVIEW).content.decode()
    assert page.count('role="img"') == 2
    assert "1 in 30 days, most of them on" in page
    assert f'<time datetime="{timezone.now():%Y-%m-%d}">' in page
    for image in re.findall(r'aria-labelledby="(\w+-title) (\w+-desc)"', page):
        assert all(f'id="{name}"' in page for name in image)


def test_before_the_first_count_the_overview_says_so(world: World) -> None:
    assert "not counted yet" in browser(world.alice).get(OVERVIEW).content.decode()


def test_a_new_organization_is_told_the_next_step(world: World) -> None:
    factories.make_organization("fresh")
    for address in ("/o/fresh/", "/o/fresh/exchange_apps/exchangeapplication/"):
        page = browser(world.otto).get(address).content.decode()
        assert "Mint your first token" in page
        assert "manage.py keygen --out keys" in page
        assert "/o/fresh/exchange_apps/exchangeapplication/add/" in page


def test_failing_keys_are_named_with_the_time_that_is_left(world: World, failing: ExchangeApplication) -> None:
    page = browser(world.alice).get(OVERVIEW).content.decode()
    assert figures(page)["Failing keys"] == "1"
    assert "works with the last good keys" in page
    assert "It did not answer." in page
    assert re.search("in 2[12]\xa0hours", page)
    RemoteKeySet.objects.update(fetched_at=timezone.now() - timedelta(days=2))
    assert "refuses every exchange" in browser(world.alice).get(OVERVIEW).content.decode()


def test_the_list_is_filtered_by_use_and_by_keys(world: World, failing: ExchangeApplication) -> None:
    now = timezone.now()
    for name, age, used in (("busy", 60, 1), ("idle", 60, 40), ("new", 1, None)):
        app = factories.make_application(world.acme, name)
        ExchangeApplication.objects.filter(pk=app.pk).update(created_at=now - timedelta(days=age))
        last = now - timedelta(days=used) if used else None
        ends = now + timedelta(days=20 if name == "idle" else 40)
        ApplicationKey.objects.create(
            application=app, kid=name, thumbprint=name, label="RSA", last_used_at=last, expires_at=ends
        )
    client = browser(world.carol)
    for query, names in (
        ("use=idle", {"idle"}),
        ("use=never", {"new", "failing", "deploy-bot"}),
        ("keys=failing", {"failing"}),
        ("keys=over", set()),
        ("keys=expiring", {"idle"}),
        ("use=never&keys=failing", {"failing"}),
        ("q=usy", {"busy"}),
    ):
        assert listed(client.get(f"{APPS}?{query}").content.decode()) == names, query


def test_the_list_says_who_created_an_app_and_when_it_was_used(world: World) -> None:
    client = browser(world.alice)
    client.post(f"{APPS}add/", app_form())
    page = client.get(APPS).content.decode()
    assert "<small>alice@acme.test</small>" in page
    assert ">never<" in page
    ApplicationKey.objects.update(last_used_at=timezone.now() - timedelta(days=3))
    assert re.search(
        r'title="\d{4}-[^"]+ [A-Z]+"><span class="nowrap">3\xa0days ago',
        client.get(APPS).content.decode(),
    )


def test_activity_shows_a_mint_at_once_and_counts_it_later(world: World, exchange: Exchange) -> None:
    client, address = browser(world.carol), page_of(world.deploy_bot, "activity")
    assert "minted a token for bob@acme.test" in client.get(address).content.decode()
    count()
    exchange()
    page = client.get(address).content.decode()
    assert page.count("minted a token for bob@acme.test") == 2
    assert page.count("was refused a token: scope not grantable") == 1
    assert "scope_not_grantable" in page


def test_activity_comes_as_a_piece_to_htmx_and_as_a_page_to_everybody_else(world: World) -> None:
    client, address = browser(world.carol), page_of(world.deploy_bot, "activity")
    assert f'hx-get="{address}"' in client.get(page_of(world.deploy_bot)).content.decode()
    piece = client.get(address, headers={"hx-request": "true"})
    assert "<html" not in piece.content.decode()
    assert "<html" in client.get(address).content.decode()
    assert piece["Vary"].startswith("HX-Request")


def test_activity_is_for_readers_of_that_organization(world: World) -> None:
    for person in (world.bob, world.mallory):
        for headers in ({}, {"hx-request": "true"}):
            response = browser(person).get(page_of(world.deploy_bot, "activity"), headers=headers)
            assert response.status_code == 404
            assert "deploy-bot" not in response.content.decode()
    assert browser(world.mallory).get(page_of(world.deploy_bot, "activity", slug="globex")).status_code == 404


def test_a_count_that_reaches_its_limit_says_so(world: World) -> None:
    assert live_tokens.count_live_tokens(world.acme, now=timezone.now()).shown == "1"
    assert live_tokens.Capped(10_001).shown == "10,000+"
    assert live_tokens.Capped(10_000).shown == "10,000"

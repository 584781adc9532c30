"""Finding tokens, tracing a leaked one, and ending many at once."""

from __future__ import annotations

import logging

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from exchange_apps.models import MintedToken, User
from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import TOKENS, browser, page_of
from tests.world import World

TRACE, REVOKE_ALL = f"{TOKENS}trace/", f"{TOKENS}revoke-all/"


@pytest.fixture
def dora(world: World, exchange: Exchange) -> User:
    """A member with two tokens, beside Bob with one."""
    user = factories.make_member(world.acme, "dora@acme.test")
    for _ in range(2):
        assert exchange(subject_token=user.email).status_code == 200
    return user


def revoked() -> int:
    return MintedToken.objects.exclude(revoked_at=None).count()


def rows(page: bytes) -> int:
    return page.count(b'class="field-ending"')


def test_tokens_are_found_by_user_app_key_and_state(world: World, dora: User) -> None:
    client = browser(world.carol)
    MintedToken.objects.filter(pk=world.token.pk).update(revoked_at=timezone.now())
    for query, found in (
        ("user=dora@acme.test", 2),
        ("user=DORA@acme.test&state=live", 2),
        ("user=bob@acme.test&state=live", 0),
        ("user=mallory@globex.test", 0),
        ("user=nobody", 0),
        (f"app={world.deploy_bot.pk}", 3),
        ("key_id=deploy-1", 3),
        ("key_id=deploy-2", 0),
        ("state=revoked", 1),
    ):
        assert rows(client.get(f"{TOKENS}?{query}").content) == found, query


def test_a_use_is_shown_once_there_is_one(world: World) -> None:
    client = browser(world.bob)
    assert b"192.0.2.77" not in client.get(TOKENS).content
    MintedToken.objects.update(last_used_at=timezone.now(), last_used_ip="192.0.2.77")
    for address in (TOKENS, page_of(world.token)):
        assert b"192.0.2.77" in client.get(address).content


def test_a_token_is_traced_by_itself_and_by_its_digest(world: World, exchange: Exchange) -> None:
    secret = exchange().json()["access_token"]
    token = MintedToken.objects.exclude(pk=world.token.pk).get()
    for person in (world.carol, world.bob):
        for pasted in (secret, f"  {secret}\n", bytes(token.digest).hex(), bytes(token.digest).hex().upper()):
            assert browser(person).post(TRACE, {"token": pasted})["Location"] == page_of(token)


def test_what_was_pasted_is_nowhere_afterwards(
    world: World, exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = exchange().json()["access_token"]
    wrong = secret[:-1] + ("a" if secret[-1] != "a" else "b")
    for pasted, sentence in (
        (wrong, "its checksum is wrong"),
        (secret[:-3], "its checksum is wrong"),
        ("hunter2-password", "neither a token"),
        ("0" * 64, "No token here is that one"),
        ("", "Paste a token"),
    ):
        response = browser(world.alice).post(TRACE, {"token": pasted})
        page = response.content.decode()
        assert sentence in page
        assert "no-store" in response["Cache-Control"]
        assert not pasted or pasted not in page
        assert not pasted or pasted not in caplog.text


def test_nobody_traces_a_token_that_is_not_theirs_to_see(world: World, dora: User) -> None:
    digest = bytes(world.token.digest).hex()
    assert "No token here" in browser(dora).post(TRACE, {"token": digest}).content.decode()
    for slug in ("acme", "globex"):
        response = browser(world.mallory).post(f"/o/{slug}/exchange_apps/mintedtoken/trace/", {"token": digest})
        assert response.status_code == (404 if slug == "acme" else 200)
        assert str(world.token.pk) not in response.content.decode()


def test_all_tokens_of_a_user_end_after_a_page_that_counts_them(world: World, dora: User) -> None:
    client, address = browser(world.alice), f"{REVOKE_ALL}?user=dora@acme.test"
    page = client.get(address).content.decode()
    assert "2 live tokens stop working at once" in page
    assert revoked() == 0
    done = client.post(address, follow=True).content.decode()
    assert "2 live tokens are revoked." in done
    assert revoked() == 2
    events = AuditEvent.objects.filter(type="ACCESS_TOKEN_REVOKED")
    assert {event.on_behalf_of_id for event in events} == {dora.pk}
    assert events.count() == 2
    assert "there is nothing to revoke" in client.get(address).content.decode()


def test_all_tokens_of_an_app_and_of_a_key(world: World, dora: User) -> None:
    client, app = browser(world.olga), world.deploy_bot.pk
    client.post(f"{REVOKE_ALL}?app={app}&key_id=deploy-2")
    assert revoked() == 0
    client.post(f"{REVOKE_ALL}?app={app}&key_id=deploy-1&user=dora@acme.test")
    assert revoked() == 2
    client.post(f"{REVOKE_ALL}?app={app}")
    assert revoked() == 3


@pytest.mark.parametrize("query", ["", "user=", "user=mallory@globex.test", "app=nonsense", "state=live", "app=%00"])
def test_nothing_is_revoked_without_knowing_whose(world: World, query: str) -> None:
    assert browser(world.olga).post(f"{REVOKE_ALL}?{query}").status_code == 404
    assert revoked() == 0


def test_only_those_who_change_settings_revoke_many(world: World) -> None:
    address = f"{REVOKE_ALL}?app={world.deploy_bot.pk}"
    for person, status in ((world.bob, 403), (world.carol, 403), (world.mallory, 404)):
        assert browser(person).post(address).status_code == status
        assert b"Revoke all of these" not in browser(person).get(f"{TOKENS}?key_id=deploy-1").content
    globex = address.replace("/o/acme/", "/o/globex/")
    assert browser(world.mallory).post(globex).status_code == 404
    assert revoked() == 0

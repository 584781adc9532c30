"""The life of a token: mint, uses, refusals that name it, revocation; told even when its row is gone."""

from __future__ import annotations

import re
import time
from hashlib import sha256

import pytest
from django.utils import timezone

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from audit.proof.sealing import seal_events
from audit.recorder import record_event
from audit.search.index import index_sealed_events
from exchange_apps.models import MintedToken
from exchange_apps.services import token_use
from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import TOKENS, browser, page_of
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def secret(world: World, exchange: Exchange) -> str:
    """A token that was used twice, refused once, and revoked."""
    found: str = exchange().json()["access_token"]
    token = MintedToken.objects.get(digest=sha256(found.encode()).digest())
    for address in ("192.0.2.7", "192.0.2.9"):
        token_use._waiting.add(token.pk, timezone.now(), address)
    token_use.write_uses()
    time.sleep(0.002)  # events have milliseconds, uses are finer
    record_event(
        AuditAction.TOKEN_EXCHANGE_DENIED,
        occurred_at=timezone.now(),
        organization=world.acme.ref(),
        actor=SYSTEM,
        origin=RequestOrigin.command("test"),
        outcome=Outcome.DENIED,
        reason="scope_not_grantable",
        data={"token_uuid": str(token.pk)},
    )
    browser(world.olga).post(page_of(token, "revoke"))
    return found


def life(page: bytes) -> str:
    section = page.decode().split('id="life-heading"', 1)[1].split("</section>", 1)[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", section))


def test_the_page_of_a_token_tells_its_life_in_order(world: World, secret: str) -> None:
    token = MintedToken.objects.get(digest=sha256(secret.encode()).digest())
    told = life(browser(world.carol).get(page_of(token)).content)
    said = ["minted a token", "First used", "192.0.2.7", "Last used", "192.0.2.9", "was refused a token", "revoked"]
    places = [told.index(word) for word in said]
    assert places == sorted(places)


def test_a_member_sees_the_uses_of_his_token_and_nothing_of_the_log(world: World, secret: str) -> None:
    token = MintedToken.objects.get(digest=sha256(secret.encode()).digest())
    told = life(browser(world.bob).get(page_of(token)).content)
    assert "First used" in told
    assert "minted a token" not in told


@pytest.mark.parametrize("is_indexed", [False, True])
def test_a_token_whose_row_is_gone_is_traced_from_its_events(world: World, secret: str, is_indexed: bool) -> None:
    MintedToken.objects.all().delete()
    if is_indexed:
        seal_events(now=timezone.now())
        index_sealed_events()
    digest = sha256(secret.encode()).hexdigest()
    for pasted in (secret, digest):
        page = browser(world.carol).post(f"{TOKENS}trace/", {"token": pasted}).content
        told = life(page)
        assert told.index("minted a token") < told.index("was refused a token") < told.index("revoked")
        assert secret not in page.decode()
    for person, slug in ((world.bob, "acme"), (world.mallory, "globex")):
        page = browser(person).post(f"/o/{slug}/exchange_apps/mintedtoken/trace/", {"token": digest}).content
        assert b"No token here is that one" in page

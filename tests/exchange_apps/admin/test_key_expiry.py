"""When a pasted key ends by its own words: told ahead wherever somebody looks, and never a reason to refuse."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import Exchange
from tests.exchange_apps.admin.portal import APPS, app_form, browser, page_of
from tests.exchange_apps.admin.test_keys_panel import key_of, panel
from tests.keys import public_jwk
from tests.world import World


@pytest.mark.parametrize(("days", "told"), [(200, "expires"), (20, "expires"), (-3, "expired")])
def test_the_end_of_a_pasted_key_is_shown_wherever_somebody_looks(world: World, days: int, told: str) -> None:
    end = datetime.now(UTC) + timedelta(days=days, minutes=5)
    pasted = json.dumps({"keys": [public_jwk("deploy-1") | {"exp": int(end.timestamp())}]})
    client = browser(world.olga)
    preview = client.post(page_of(world.deploy_bot, "preview-keys"), {"jwks": pasted}).content.decode()
    assert f">{told}<" in preview
    client.post(page_of(world.deploy_bot), app_form(name=world.deploy_bot.name, jwks=pasted))
    assert key_of(world.deploy_bot).expires_at == end.replace(microsecond=0)
    assert f">{told}<" in panel(world)
    assert ("It signs on until it is taken out of the set or switched off." in panel(world)) == (days < 0)
    overview = client.get("/o/acme/").content.decode()
    assert f"<strong>{int(days < 30)}</strong><span>Expiring keys</span>" in overview
    assert ("deploy-bot <" in client.get(f"{APPS}?keys=expiring").content.decode()) == (days < 30)


def test_a_key_that_has_ended_signs_on(world: World, exchange: Exchange) -> None:
    ended = int((datetime.now(UTC) - timedelta(days=1)).timestamp())
    pasted = json.dumps({"keys": [public_jwk("deploy-1") | {"exp": ended}]})
    form = app_form(name=world.deploy_bot.name, jwks=pasted, exchange_allowed_ips="")
    browser(world.olga).post(page_of(world.deploy_bot), form)
    assert key_of(world.deploy_bot).expires_at is not None
    assert exchange().status_code == 200

"""A good exchange: the token, its answer, its row and its event."""

from __future__ import annotations

import hashlib
import re

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, MintedToken, User
from tests.conftest import Exchange


def test_a_good_assertion_buys_a_token(exchange: Exchange) -> None:
    response = exchange()
    assert response.status_code == 200, response.content
    answer = response.json()
    assert re.fullmatch(r"bktx_[0-9A-Za-z]{44}", answer.pop("access_token"))
    assert answer == {
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "read_builds",
    }
    assert response["Cache-Control"] == "no-store"


def test_the_event_names_app_user_key_and_token(exchange: Exchange, deploy_bot: ExchangeApplication, bob: User) -> None:
    answer = exchange(scope="read_pipelines read_builds", expires_in="60").json()
    token = MintedToken.objects.get(digest=hashlib.sha256(answer["access_token"].encode()).digest())
    event = AuditEvent.objects.get(type="ACCESS_TOKEN_MINTED")
    assert (event.actor_id, event.on_behalf_of_id, event.subject_id) == (deploy_bot.id, bob.id, token.id)
    assert (event.outcome, event.key_id, event.organization_slug) == ("success", "deploy-1", "acme")
    assert event.data["scopes"] == token.scopes == ["read_builds", "read_pipelines"]
    assert event.data["ttl"] == 60
    assert event.data["token_uuid"] == str(token.id)

"""One key of an app, switched off: for the hour in which a private key got lost."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from exchange_apps.models import ExchangeApplication, MintedToken
from exchange_apps.services.kill_switch import (
    revoke_late_tokens,
    switch_key_off,
    switch_key_on,
)
from exchange_apps.services.live_tokens import count_live_tokens
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import (
    Save,
    Travel,
    author_at,
    events,
    forget_everything,
    publish,
    without_kid,
)
from tests.jwks_host import JWKSHost
from tests.keys import jwks


@pytest.fixture
def two_keys(deploy_bot: ExchangeApplication, save: Save) -> ExchangeApplication:
    return save(deploy_bot, jwks=jwks("deploy-1", "deploy-2"))


def now() -> datetime:
    return datetime.now(UTC)


def off(application: ExchangeApplication, kid: str = "deploy-1") -> int:
    return switch_key_off(application, kid, author=author_at(now()))


def on(application: ExchangeApplication, kid: str = "deploy-1") -> None:
    switch_key_on(application, kid, author=author_at(now()))


def test_a_key_that_is_off_is_refused_at_once_by_a_process_that_kept_it(
    two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    assert exchange().status_code == 200  # this process has kept the standing now
    off(two_keys)
    response = exchange()
    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
    assert response.json()["error_description"].startswith("The key that signed the assertion is switched off")


def test_a_process_that_just_started_refuses_it_too(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    off(two_keys)
    forget_everything()
    assert exchange().status_code == 401


def test_the_refusal_is_an_event_of_its_own_reason(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    off(two_keys)
    exchange()
    (denial,) = events("TOKEN_EXCHANGE_DENIED")
    assert (denial.reason, denial.key_id) == ("key_switched_off", "deploy-1")
    assert denial.data["receipt"][-1]["check"] == "key_switched_on"


def test_an_assertion_that_does_not_name_the_key_is_refused_as_well(
    two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    off(two_keys)
    assert exchange(client_assertion=without_kid(two_keys, "deploy-1")).status_code == 401
    assert exchange(client_assertion=without_kid(two_keys, "deploy-2")).status_code == 200


def test_a_forged_assertion_does_not_learn_that_a_key_is_off(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    off(two_keys)
    response = exchange(key="forger", headers={"kid": "deploy-1"})
    assert response.json()["error_description"].startswith("Invalid client assertion signature")


def test_the_other_keys_of_the_app_go_on(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    assert exchange(key="deploy-2").status_code == 200
    off(two_keys)
    assert exchange(key="deploy-2").status_code == 200
    assert MintedToken.objects.filter(revoked_at=None).count() == 2


def test_it_says_before_how_many_tokens_it_will_revoke_and_after_how_many_it_did(
    two_keys: ExchangeApplication, exchange: Exchange, at: Travel
) -> None:
    with at(hours=-2):
        exchange()  # over since an hour
    for _ in range(3):
        exchange()
    exchange(key="deploy-2")
    assert count_live_tokens(two_keys, key_id="deploy-1", now=now()).value == 3
    assert off(two_keys) == 3
    assert count_live_tokens(two_keys, key_id="deploy-1", now=now()).value == 0


def test_a_token_minted_through_the_key_is_good_for_nothing_afterwards(
    two_keys: ExchangeApplication, exchange: Exchange, client: Any
) -> None:
    secret = exchange().json()["access_token"]
    off(two_keys)
    response = client.get("/v2/access-token", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert response.status_code == 401


def test_each_revoked_token_is_an_event_and_the_switch_is_one(
    two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    exchange()
    exchange()
    off(two_keys)
    revoked = events("ACCESS_TOKEN_REVOKED")
    assert {event.subject_id for event in revoked} == set(MintedToken.objects.values_list("id", flat=True))
    assert {(event.actor_name, event.key_id) for event in revoked} == {("alice@acme.test", "deploy-1")}
    (switch,) = events("TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF")
    assert (switch.actor_name, switch.subject_name, switch.data["revoked_tokens"]) == ("alice@acme.test", "deploy-1", 2)


def test_switching_off_what_is_off_is_no_second_event(two_keys: ExchangeApplication) -> None:
    off(two_keys)
    assert off(two_keys) == 0
    assert len(events("TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF")) == 1


def test_switched_on_again_the_key_signs_and_what_was_revoked_stays_so(
    two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    exchange()
    off(two_keys)
    assert exchange().status_code == 401
    on(two_keys)
    on(two_keys)
    assert exchange().status_code == 200
    assert MintedToken.objects.filter(revoked_at=None).count() == 1
    assert len(events("TOKEN_EXCHANGE_APP_KEY_SWITCHED_ON")) == 1


def test_a_key_the_app_never_had_cannot_be_switched(two_keys: ExchangeApplication) -> None:
    for switch in (off, on):
        with pytest.raises(ValidationError, match="no key with that id"):
            switch(two_keys, "nobody")


def test_a_key_that_went_can_still_be_switched_off_and_stays_off_when_it_comes_back(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-2")
    with at(hours=1):
        assert exchange(key="deploy-2").status_code == 200
        assert off(remote, "deploy-1") == 0
    publish(host, "deploy-1", "deploy-2")
    with at(hours=2):
        assert exchange(key="deploy-1").status_code == 401
    assert events("TOKEN_EXCHANGE_DENIED")[-1].reason == "key_switched_off"


def test_nothing_is_switched_when_the_switch_fails_half_way(two_keys: ExchangeApplication, exchange: Exchange) -> None:
    class Interrupted(Exception):
        pass

    def switch_and_fail() -> None:
        with transaction.atomic():
            off(two_keys)
            raise Interrupted

    with pytest.raises(Interrupted):
        switch_and_fail()
    assert exchange().status_code == 200
    assert not events("TOKEN_EXCHANGE_APP_KEY_SWITCHED_OFF")


def test_the_background_job_revokes_a_token_that_a_crash_left_behind(
    two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    exchange()
    off(two_keys)
    MintedToken.objects.update(revoked_at=None)  # as if its mint had been under way
    assert revoke_late_tokens(now=now()) == 1
    assert revoke_late_tokens(now=now()) == 0
    assert events("ACCESS_TOKEN_REVOKED")[-1].actor_type == "SYSTEM"


def test_the_background_job_leaves_the_tokens_of_other_keys_alone(
    two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    exchange()
    off(two_keys, "deploy-2")
    assert revoke_late_tokens(now=now()) == 0


@pytest.mark.servers
def test_a_mint_under_way_while_the_switch_is_thrown_leaves_no_live_token(
    shared_database: str, two_keys: ExchangeApplication, exchange: Exchange
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    exchange()
    token = MintedToken.objects.get()
    written, may_end = threading.Event(), threading.Event()

    def mint_slowly() -> None:  # a mint that compared the versions before the switch, and commits after it
        try:
            with transaction.atomic():
                MintedToken.objects.create(
                    digest=b"\1" * 32,
                    organization_id=token.organization_id,
                    application_id=token.application_id,
                    user_id=token.user_id,
                    key_id="deploy-1",
                    scopes=["read_builds"],
                    created_at=now(),
                    expires_at=now() + timedelta(hours=1),
                )
                written.set()
                may_end.wait(5)
        finally:
            connection.close()

    thread = threading.Thread(target=mint_slowly)
    thread.start()
    written.wait(5)
    threading.Timer(0.3, may_end.set).start()
    assert off(two_keys) == 1
    thread.join()
    assert not MintedToken.objects.filter(revoked_at=None).exists()

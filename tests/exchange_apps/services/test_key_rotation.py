"""A customer rotates the keys at his host, and nobody here lifts a finger."""

from __future__ import annotations

from exchange_apps.models import ExchangeApplication
from exchange_apps.services.remote_keys import refresh_due
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import (
    Save,
    Travel,
    events,
    forget_everything,
    key_set,
    publish,
    uri_of,
    without_kid,
)
from tests.jwks_host import JWKSHost
from tests.keys import jwks


def warm(application: ExchangeApplication) -> None:
    """What the background job does when it is time."""
    refresh_at = key_set(application).refresh_at
    assert refresh_at is not None
    refresh_due(now=refresh_at)


def test_a_new_key_signs_within_one_request_of_its_publication(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-1", "deploy-2")
    with at(minutes=2):
        assert exchange(key="deploy-2").status_code == 200
        assert exchange(key="deploy-1").status_code == 200
    assert len(host.requests) == 2


def test_a_new_key_is_known_to_every_process_without_another_fetch(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    with at(minutes=1):
        assert exchange().status_code == 200
    publish(host, "deploy-1", "deploy-2")
    with at(minutes=2):
        warm(remote)
        assert exchange(key="deploy-2").status_code == 200  # this process kept a standing without it
    assert len(host.requests) == 2


def test_an_old_key_signs_until_the_cache_is_over_and_then_no_more(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-2")
    with at(minutes=59):
        assert exchange(key="deploy-1").status_code == 200
    with at(minutes=60):
        response = exchange(key="deploy-1")
        assert response.status_code == 401
        assert exchange(key="deploy-2").status_code == 200
    (denial,) = events("TOKEN_EXCHANGE_DENIED")
    assert denial.reason == "key_unknown"


def test_an_old_key_is_refused_at_once_when_anybody_fetched(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-2")
    with at(minutes=2):
        assert exchange(key="deploy-2").status_code == 200
        assert exchange(key="deploy-1").status_code == 401


def test_a_process_that_kept_an_old_key_mints_nothing_with_it(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    with at(minutes=1):
        assert exchange(key="deploy-1").status_code == 200  # kept from here on
    publish(host, "deploy-2")
    with at(minutes=55):
        warm(remote)  # as another process would
        assert exchange(key="deploy-1").status_code == 401


def test_a_rotation_is_an_event_that_names_who_came_and_who_went(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-2", "deploy-3")
    with at(minutes=2):
        exchange(key="deploy-2")
    _first, event = events("TOKEN_EXCHANGE_APP_KEYS_CHANGED")
    assert [key["kid"] for key in event.data["came"]] == ["deploy-2", "deploy-3"]
    assert [key["kid"] for key in event.data["went"]] == ["deploy-1"]
    assert all(len(key["thumbprint"]) == 43 for key in event.data["came"] + event.data["went"])


def test_a_fetch_that_changes_nothing_is_no_event(remote: ExchangeApplication, host: JWKSHost, at: Travel) -> None:
    for _ in range(3):
        warm(remote)
    assert len(host.requests) == 4
    assert len(events("TOKEN_EXCHANGE_APP_KEYS_CHANGED")) == 1


def test_first_seen_stays_when_a_key_comes_back(remote: ExchangeApplication, host: JWKSHost, at: Travel) -> None:
    first_seen = remote.key_history.get(kid="deploy-1").first_seen_at
    publish(host, "deploy-2")
    warm(remote)
    gone = remote.key_history.get(kid="deploy-1").gone_at
    publish(host, "deploy-1", "deploy-2")
    warm(remote)
    key = remote.key_history.get(kid="deploy-1")
    assert gone is not None
    assert (key.gone_at, key.first_seen_at) == (None, first_seen)


def test_a_process_that_just_started_needs_one_fetch_too(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-1", "deploy-2")
    forget_everything()
    with at(minutes=2):
        assert exchange(key="deploy-2").status_code == 200


def test_from_pasted_keys_to_an_address_and_no_exchange_fails(
    deploy_bot: ExchangeApplication, host: JWKSHost, save: Save, exchange: Exchange, at: Travel
) -> None:
    with at(seconds=0):
        assert exchange().status_code == 200
    save(deploy_bot, jwks=None, jwks_uri=uri_of(host))
    with at(seconds=1):
        assert exchange().status_code == 200
    save(deploy_bot, jwks=jwks("deploy-1"), jwks_uri="")
    with at(seconds=2):
        assert exchange().status_code == 200


def test_an_assertion_without_a_key_id_is_tried_against_every_fetched_key(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    publish(host, "deploy-2", "deploy-1")
    warm(remote)
    with at(hours=1):
        assert exchange(client_assertion=without_kid(remote, "deploy-1")).status_code == 200

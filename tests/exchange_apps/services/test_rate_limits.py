"""Limits per minute: exact, shared by all processes, and never paid with a jti."""

from __future__ import annotations

import logging
import socket
from collections import Counter
from contextlib import closing

import pytest
from django.test import Client
from pytest_django import Settings
from time_machine import TimeMachineFixture

from exchange_apps.models import ExchangeApplication, MintedToken, Organization, RateWindow, User
from exchange_apps.services import failure_limit, rate_limit
from tests import factories
from tests.conftest import (
    Exchange,
    Response,
    at_once,
    denials,
    forget_everything,
    good_form,
    mints,
    post_form,
    post_to,
    reason_of,
    running_server,
)
from tests.keys import jwks, sign_assertion

NOW = 1_800_000_000


@pytest.fixture(params=["database", "redis"])
def counters(request: pytest.FixtureRequest, settings: Settings) -> str:
    """Each test runs with both keepers of the counters; those of Redis need one that answers."""
    if request.param == "redis":
        request.getfixturevalue("redis_counters")
    else:
        settings.REDIS_URL = ""
    return str(request.param)


def limit(organization: Organization, exchanges: int) -> None:
    Organization.objects.filter(pk=organization.pk).update(exchange_rate_limit=exchanges)


def headers_of(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name.startswith(("RateLimit", "Retry"))}


# --- exchanges of an organization -------------------------------------------------------------------------------------


def test_exactly_as_many_exchanges_succeed_as_are_allowed(
    counters: str, exchange: Exchange, acme: Organization
) -> None:
    limit(acme, 5)
    answers = [exchange() for _ in range(7)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["4", "3", "2", "1", "0", "0", "0"]
    assert len(mints()) == MintedToken.objects.count() == 5


def test_every_answer_says_how_much_is_left_and_the_429_when_to_come_back(
    counters: str, exchange: Exchange, acme: Organization
) -> None:
    limit(acme, 1)
    minted, refused = headers_of(exchange()), headers_of(exchange())
    for headers in (minted, refused):
        assert 1 <= int(headers["RateLimit-Reset"]) <= 60
    assert minted == {
        "RateLimit-Scope": "exchange",
        "RateLimit-Limit": "1",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": minted["RateLimit-Reset"],
    }
    assert refused == minted | {
        "RateLimit-Reset": refused["RateLimit-Reset"],
        "Retry-After": refused["RateLimit-Reset"],
    }


def test_the_429_is_an_event_with_its_receipt(counters: str, exchange: Exchange, acme: Organization) -> None:
    limit(acme, 1)
    exchange()
    assert reason_of(exchange()) == "exchange_limit"
    (event,) = denials()
    last = event.data["receipt"][-1]
    assert (last["check"], last["passed"], last["expected"], last["seen"]) == (
        "exchange_limit",
        False,
        "at most 1 a minute",
        "2",
    )


def test_the_window_ends_a_minute_after_it_began(
    exchange: Exchange, acme: Organization, settings: Settings, time_machine: TimeMachineFixture
) -> None:
    settings.REDIS_URL = ""  # Redis has a clock of its own
    limit(acme, 1)
    time_machine.move_to(NOW, tick=False)
    assert exchange().status_code == 200
    time_machine.move_to(NOW + 20, tick=False)
    assert exchange()["Retry-After"] == "40"
    time_machine.move_to(NOW + 59.5, tick=False)
    assert exchange()["Retry-After"] == "1"
    time_machine.move_to(NOW + 60, tick=False)
    assert exchange().status_code == 200
    assert exchange().status_code == 429


def test_a_window_in_redis_ends_by_itself(
    redis_counters: str, exchange: Exchange, acme: Organization, settings: Settings
) -> None:
    limit(acme, 1)
    exchange()
    key = f"{settings.REDIS_PREFIX}:exchanges:{acme.id}"
    assert 0 < rate_limit._client().pttl(key) <= 60_000
    exchange()
    assert 0 < rate_limit._client().pttl(key) <= 60_000
    assert rate_limit._client().pexpire(key, 1)
    while rate_limit._client().exists(key):
        pass
    assert exchange().status_code == 200


def test_each_organization_has_its_own_limit(
    counters: str, exchange: Exchange, acme: Organization, mallory: User, globex: Organization
) -> None:
    limit(acme, 1)
    theirs = factories.make_application(globex, "theirs", jwks=jwks("theirs"))
    assert [exchange().status_code for _ in range(2)] == [200, 429]
    answer = exchange(
        client_assertion=sign_assertion(theirs.client_id, key="theirs"), subject_token=mallory.email, audience="globex"
    )
    assert answer.status_code == 200


def test_the_apps_of_an_organization_share_its_limit(counters: str, exchange: Exchange, acme: Organization) -> None:
    limit(acme, 1)
    other = factories.make_application(acme, "report-bot", jwks=jwks("report-1"))
    assert exchange().status_code == 200
    assert exchange(client_assertion=sign_assertion(other.client_id, key="report-1")).status_code == 429


def test_no_limit_has_no_headers(counters: str, exchange: Exchange, acme: Organization) -> None:
    limit(acme, 0)
    answers = [exchange() for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    assert headers_of(answers[-1]) == {}


def test_refusals_of_proven_key_holders_count_too(counters: str, exchange: Exchange, acme: Organization) -> None:
    limit(acme, 3)
    assert [exchange(scope="write_agents").status_code for _ in range(2)] == [400, 400]
    assert [exchange().status_code for _ in range(2)] == [200, 429]


def test_each_refusal_counts_once(counters: str, exchange: Exchange, acme: Organization) -> None:
    """Also where it is tried on a kept standing and again on a fresh one."""
    limit(acme, 10)
    exchange()
    exchange(scope="write_agents")
    assert exchange()["RateLimit-Remaining"] == "7"


def test_strangers_do_not_spend_an_organizations_limit(counters: str, exchange: Exchange, acme: Organization) -> None:
    limit(acme, 2)
    for _ in range(5):
        exchange(key="stranger", headers={"kid": "deploy-1"})
    assert [exchange().status_code for _ in range(3)] == [200, 200, 429]


def test_a_429_uses_no_jti(
    counters: str, exchange: Exchange, acme: Organization, deploy_bot: ExchangeApplication
) -> None:
    limit(acme, 1)
    exchange()
    assertion = sign_assertion(deploy_bot.client_id)
    assert exchange(client_assertion=assertion).status_code == 429
    limit(acme, 0)
    assert exchange(client_assertion=assertion).status_code == 200


def test_a_raised_limit_counts_at_once(counters: str, exchange: Exchange, acme: Organization) -> None:
    limit(acme, 1)
    assert [exchange().status_code for _ in range(2)] == [200, 429]
    limit(acme, 10)
    assert exchange().status_code == 200


@pytest.mark.servers
def test_several_processes_together_mint_exactly_as_many(
    counters: str, shared_database: str, deploy_bot: ExchangeApplication, bob: User, acme: Organization
) -> None:
    limit(acme, 10)
    forms = [good_form(deploy_bot.client_id) for _ in range(24)]
    redis_url = "" if counters == "database" else rate_limit.settings.REDIS_URL
    with running_server(shared_database, workers=2, threads=4, REDIS_URL=redis_url) as address:
        answers = at_once(24, lambda number: post_to(f"{address}/oauth/token", forms[number])[0])
    assert Counter(answers) == {200: 10, 429: 14}
    assert MintedToken.objects.count() == len(mints()) == 10


def test_several_threads_together_mint_exactly_as_many(
    counters: str, shared_database: str, deploy_bot: ExchangeApplication, bob: User, acme: Organization
) -> None:
    limit(acme, 7)
    forms = [good_form(deploy_bot.client_id) for _ in range(16)]
    answers = at_once(16, lambda number: post_form(Client(), "/oauth/token", forms[number]).status_code)
    assert Counter(answers) == {200: 7, 429: 9}
    assert len(mints()) == 7


# --- failures of an address and a client ------------------------------------------------------------------------------


def fail(exchange: Exchange, times: int, **changes: object) -> list[int]:
    bad = {"key": "stranger", "headers": {"kid": "deploy-1"}} | changes
    return [exchange(**bad).status_code for _ in range(times)]


def test_the_61st_try_after_60_failures_is_429_even_with_a_good_assertion(
    counters: str, exchange: Exchange, deploy_bot: ExchangeApplication
) -> None:
    assert set(fail(exchange, 60)) == {401}
    assertion = sign_assertion(deploy_bot.client_id)
    response = exchange(client_assertion=assertion)
    assert response.status_code == 429
    assert response.json()["error"] == "temporarily_unavailable"
    assert headers_of(response) | {"RateLimit-Reset": "", "Retry-After": ""} == {
        "RateLimit-Scope": "exchange_failures",
        "RateLimit-Limit": "60",
        "RateLimit-Remaining": "0",
        "RateLimit-Reset": "",
        "Retry-After": "",
    }
    assert not mints()


def test_59_failures_do_no_harm(counters: str, exchange: Exchange) -> None:
    fail(exchange, 59)
    assert exchange().status_code == 200
    assert set(fail(exchange, 1)) == {401}
    assert exchange().status_code == 429


@pytest.mark.parametrize("remembered", [True, False], ids=["the same process", "another process"])
def test_every_process_keeps_the_pair_out(
    counters: str, exchange: Exchange, settings: Settings, remembered: bool
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 3
    fail(exchange, 3)
    if not remembered:
        forget_everything()
    assert [exchange().status_code for _ in range(2)] == [429, 429]
    assert not mints()


def test_while_kept_out_no_signature_is_checked(
    counters: str, exchange: Exchange, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 1
    fail(exchange, 1)

    def checked(*args: object) -> None:
        raise AssertionError("a signature was checked")

    monkeypatch.setattr("exchange_apps.services.exchange_steps.verify_client_assertion", checked)
    assert exchange().status_code == 429


def test_another_client_behind_the_same_address_is_not_locked_out(
    counters: str, exchange: Exchange, acme: Organization, settings: Settings
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 2
    other = factories.make_application(acme, "report-bot", jwks=jwks("report-1"))
    fail(exchange, 2)
    assert exchange().status_code == 429
    assert exchange(client_assertion=sign_assertion(other.client_id, key="report-1")).status_code == 200


def test_another_address_is_not_locked_out(counters: str, exchange: Exchange, settings: Settings) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 2
    fail(exchange, 2)
    assert exchange().status_code == 429
    assert exchange(extra={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200


def test_malformed_requests_and_refused_claims_are_failures_as_well(
    counters: str, exchange: Exchange, settings: Settings
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 4
    answers = [
        exchange(expires_in="1"),
        exchange(claims={"aud": "x"}),
        exchange(scope="write_agents"),
        exchange(subject_token="nobody@acme.test"),
        exchange(),
    ]
    assert [answer.status_code for answer in answers] == [400, 401, 400, 400, 429]


def test_successes_and_429s_are_no_failures(
    counters: str, exchange: Exchange, acme: Organization, settings: Settings
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 2
    limit(acme, 3)
    assert [exchange().status_code for _ in range(8)] == [200] * 3 + [429] * 5
    limit(acme, 0)
    assert exchange().status_code == 200


def test_being_kept_out_ends_with_the_minute(
    exchange: Exchange, settings: Settings, time_machine: TimeMachineFixture
) -> None:
    settings.REDIS_URL = ""
    settings.EXCHANGE_FAILURE_LIMIT = 1
    time_machine.move_to(NOW, tick=False)
    fail(exchange, 1)
    for second, status in ((1, 429), (59, 429), (60, 200)):
        time_machine.move_to(NOW + second, tick=False)
        assert exchange().status_code == status


def test_zero_means_no_limit(counters: str, exchange: Exchange, settings: Settings) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 0
    assert set(fail(exchange, 65)) == {401}
    assert exchange().status_code == 200


def test_being_kept_out_uses_no_jti(
    counters: str, exchange: Exchange, deploy_bot: ExchangeApplication, settings: Settings
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 1
    fail(exchange, 1)
    assertion = sign_assertion(deploy_bot.client_id)
    assert exchange(client_assertion=assertion).status_code == 429
    assert exchange(client_assertion=assertion, extra={"REMOTE_ADDR": "192.0.2.9"}).status_code == 200


def test_the_organization_hears_of_it_once_a_minute(counters: str, exchange: Exchange, settings: Settings) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 1
    fail(exchange, 1)
    for _ in range(4):
        exchange()
    assert [event.reason for event in denials()] == ["signature_invalid", "failure_limit"]


def test_a_flood_of_different_strangers_does_not_grow_the_memory_of_a_process(
    exchange: Exchange, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 1
    monkeypatch.setattr(failure_limit, "_MOST_REMEMBERED", 3)
    for number in range(8):
        fail(exchange, 1, extra={"REMOTE_ADDR": f"192.0.2.{number}"})
    assert len(failure_limit._blocked_until_ms) <= 3


# --- Redis gone -------------------------------------------------------------------------------------------------------


@pytest.fixture
def no_redis(settings: Settings) -> None:
    """Settings that name a Redis where nothing listens."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        settings.REDIS_URL = f"redis://127.0.0.1:{probe.getsockname()[1]}/0"
    rate_limit.forget_connection()


def test_without_its_redis_an_exchange_is_allowed_and_its_record_says_so(
    no_redis: None, exchange: Exchange, acme: Organization, caplog: pytest.LogCaptureFixture
) -> None:
    limit(acme, 1)
    caplog.set_level(logging.WARNING)
    answers = [exchange() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [event.data["limits"] for event in mints()] == ["unchecked"] * 3
    assert [record.message for record in caplog.records] == ["limits not checked"] * 3
    assert headers_of(answers[0]) == {}


def test_without_its_redis_a_refusal_is_still_recorded(no_redis: None, exchange: Exchange) -> None:
    assert reason_of(exchange(scope="write_agents")) == "scope_not_grantable"
    assert denials()[0].data["limits"] == "unchecked"
    assert exchange(key="stranger", headers={"kid": "deploy-1"}).status_code == 401


def test_with_counters_at_hand_the_record_says_nothing_of_them(counters: str, exchange: Exchange) -> None:
    exchange()
    assert "limits" not in mints()[0].data


def test_with_redis_no_counter_is_kept_in_the_database(redis_counters: str, exchange: Exchange) -> None:
    exchange()
    fail(exchange, 1)
    assert not RateWindow.objects.exists()

"""Key sets at a customer's host: when they are fetched, what is kept, and what a bad host can do (nothing)."""

from __future__ import annotations

import socket
import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.exceptions import ValidationError
from django.db import connection, connections
from jwt.utils import base64url_encode

from exchange_apps.models import ApplicationKey, ExchangeApplication, Organization, RemoteKeySet
from exchange_apps.services import remote_keys
from exchange_apps.services.applications import fetch_now
from exchange_apps.services.remote_keys import refresh_due, refresh_key_set
from tests import factories
from tests.conftest import Exchange
from tests.exchange_apps.services.conftest import (
    Save,
    Travel,
    events,
    forget_everything,
    key_set,
    kids,
    publish,
    uri_of,
)
from tests.jwks_host import (
    Answer,
    JWKSHost,
    Visit,
    dripping_body_answer,
    endless_body_answer,
    hanging_answer,
    html_answer,
    json_answer,
    redirect_answer,
    status_answer,
)
from tests.keys import jwks, private_key, public_jwk

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def refresh(application: ExchangeApplication, now: datetime) -> bool:
    return refresh_key_set(key_set(application).pk, now=now)


# Saving


def test_a_set_is_fetched_when_the_app_is_saved(remote: ExchangeApplication, host: JWKSHost, start: datetime) -> None:
    stored = key_set(remote)
    assert kids(remote) == ["deploy-1"]
    assert (stored.last_result, stored.last_status, stored.fetched_at) == ("ok", 200, start)
    assert stored.fresh_until == start + HOUR
    assert len(host.requests) == 1


def test_the_first_fetch_is_an_event_that_names_the_keys_that_came(remote: ExchangeApplication) -> None:
    (event,) = events("TOKEN_EXCHANGE_APP_KEYS_CHANGED")
    assert [key["kid"] for key in event.data["came"]] == ["deploy-1"]
    assert event.data["went"] == []
    assert (event.subject_id, event.actor_type, event.organization_slug) == (remote.pk, "SYSTEM", "acme")


def test_the_fetch_names_us_and_carries_nothing_else(remote: ExchangeApplication, host: JWKSHost) -> None:
    headers = host.requests[0].headers
    assert headers["user-agent"] == "Counterfoil (+http://localhost:8000)"
    assert not {"cookie", "authorization", "if-none-match"} & set(headers)


def test_a_host_that_fails_does_not_fail_the_save(deploy_bot: ExchangeApplication, host: JWKSHost, save: Save) -> None:
    host.answer = status_answer(500)
    save(deploy_bot, jwks=None, jwks_uri=uri_of(host))
    deploy_bot.refresh_from_db()
    stored = key_set(deploy_bot)
    assert deploy_bot.key_set == stored
    assert (stored.document, stored.last_result, stored.last_status) == (None, "unexpected_status", 500)


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        ("http://keys.example.com/jwks.json", "https"),
        ("https://169.254.169.254/latest/meta-data", "must not be contacted"),
        ("https://[64:ff9b::a9fe:a9fe]/jwks.json", "must not be contacted"),
        ("https://2130706433/jwks.json", "four decimal numbers"),
        ("https://user:secret@keys.example.com/jwks.json", "user name or password"),
        ("file:///etc/passwd", "https"),
        ("https://keys.example.com/" + "a" * 1990, "2000 characters"),
    ],
)
def test_a_uri_against_policy_is_refused_on_save_with_its_sentence(
    deploy_bot: ExchangeApplication, save: Save, uri: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        save(deploy_bot, jwks=None, jwks_uri=uri)
    assert sentence in str(refusal.value.message_dict["jwks_uri"])
    assert not RemoteKeySet.objects.exists()


def test_keys_or_their_address_but_not_both(deploy_bot: ExchangeApplication, host: JWKSHost, save: Save) -> None:
    with pytest.raises(ValidationError, match="either a JWKS or a JWKS URI"):
        save(deploy_bot, jwks=jwks("deploy-1"), jwks_uri=uri_of(host))
    assert not RemoteKeySet.objects.exists()
    assert not host.requests


def test_going_back_to_pasted_keys_leaves_the_host_alone(
    remote: ExchangeApplication, host: JWKSHost, save: Save, start: datetime
) -> None:
    save(remote, jwks=jwks("deploy-2"), jwks_uri="", now=start + HOUR)
    remote.refresh_from_db()
    assert remote.key_set is None
    assert refresh_due(now=start + 2 * HOUR) == 0
    assert len(host.requests) == 1
    gone = {key.kid: key.gone_at is not None for key in remote.key_history.all()}
    assert gone == {"deploy-1": True, "deploy-2": False}


def test_two_apps_of_one_organization_share_a_set(
    remote: ExchangeApplication, acme: Organization, host: JWKSHost, save: Save, start: datetime
) -> None:
    second = factories.make_application(acme, "second", jwks=jwks("other"))
    save(second, jwks=None, jwks_uri=remote.jwks_uri, now=start + timedelta(seconds=5))
    assert RemoteKeySet.objects.count() == 1
    assert len(host.requests) == 1
    assert second.key_history.get(kid="deploy-1").gone_at is None


# What the host says of freshness


def test_an_unchanged_set_is_asked_for_with_its_etag_and_stays_as_it_is(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    publish(host, "deploy-1", "deploy-2", etag='"7"')
    assert refresh(remote, start + HOUR)
    assert refresh(remote, start + 2 * HOUR)
    stored = key_set(remote)
    assert host.requests[-1].headers["if-none-match"] == '"7"'
    assert (stored.last_status, stored.fetched_at, stored.etag) == (304, start + 2 * HOUR, '"7"')
    assert kids(remote) == ["deploy-1", "deploy-2"]


@pytest.mark.parametrize(("cache_control", "span"), [("max-age=1", 5 * MINUTE), ("max-age=9999999", 24 * HOUR)])
def test_the_host_decides_how_long_a_set_is_fresh_within_bounds(
    remote: ExchangeApplication, host: JWKSHost, start: datetime, cache_control: str, span: timedelta
) -> None:
    publish(host, "deploy-1", cache_control=cache_control)
    refresh(remote, start + HOUR)
    stored = key_set(remote)
    assert stored.fresh_until == start + HOUR + span
    assert stored.refresh_at is not None
    assert start + HOUR < stored.refresh_at < stored.fresh_until


# Who fetches, and how often


def test_the_background_job_fetches_before_a_set_is_stale(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    assert refresh_due(now=start + 30 * MINUTE) == 0
    assert refresh_due(now=start + 59 * MINUTE) == 1
    assert refresh_due(now=start + 60 * MINUTE) == 0
    assert len(host.requests) == 2


def test_the_background_job_leaves_addresses_nobody_uses_alone(
    remote: ExchangeApplication, host: JWKSHost, save: Save, start: datetime
) -> None:
    save(remote, jwks_uri=uri_of(host, "/new.json"), now=start + MINUTE)
    assert refresh_due(now=start + HOUR) == 1
    assert [request.path for request in host.requests] == ["/jwks.json", "/new.json", "/new.json"]


def test_the_background_job_asks_healthy_hosts_first_and_ends_in_time(
    remote: ExchangeApplication, acme: Organization, host: JWKSHost, save: Save, start: datetime
) -> None:
    failing = factories.make_application(acme, "failing", jwks=jwks("failing"))
    host.answer = lambda visit: (
        hanging_answer()(visit) if visit.request.path == "/hangs" else json_answer(jwks("deploy-1"))(visit)
    )
    save(failing, jwks=None, jwks_uri=uri_of(host, "/hangs"))
    host.requests.clear()
    assert refresh_due(now=start + HOUR, most_seconds=0.5) == 2
    assert [request.path for request in host.requests] == ["/jwks.json", "/hangs"]


def test_a_set_is_fetched_at_most_once_a_minute_whoever_asks(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    assert not refresh(remote, start + timedelta(seconds=59))
    assert not fetch_now(remote, now=start + timedelta(seconds=59))
    assert refresh(remote, start + timedelta(seconds=60))
    forget_everything()  # another process
    assert not refresh(remote, start + timedelta(seconds=61))
    assert len(host.requests) == 2


def test_unknown_key_ids_cost_one_fetch_a_minute(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    for seconds, fetches in ((10, 1), (61, 2), (62, 2), (100, 2), (122, 3)):
        with at(seconds=seconds):
            response = exchange(headers={"kid": f"random-{seconds}"})
        assert response.status_code == 401
        assert len(host.requests) == fetches
    assert {event.reason for event in events("TOKEN_EXCHANGE_DENIED")} == {"key_unknown"}


def test_fetching_needs_no_worker(remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel) -> None:
    with at(hours=1, seconds=1):
        assert exchange().status_code == 200
    assert len(host.requests) == 2


def test_no_transaction_is_open_while_a_host_is_asked(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    ours = connections["default"]  # of this thread; the host answers in another
    before, seen = list(ours.savepoint_ids), []

    def answer(visit: Visit) -> None:
        seen.append(list(ours.savepoint_ids))  # the test is a transaction; one inside it would be a savepoint more
        json_answer(jwks("deploy-1"))(visit)

    host.answer = answer
    refresh(remote, start + HOUR)
    assert seen == [before]


@pytest.mark.servers
def test_of_many_processes_that_meet_an_unknown_key_one_fetches(
    shared_database: None, remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    pk, won = key_set(remote).pk, []
    line_up = threading.Barrier(8)

    def race() -> None:
        try:
            line_up.wait()
            won.append(remote_keys.refresh_key_set(pk, now=start + HOUR))
        finally:
            connection.close()

    publish(host, "deploy-1", "deploy-2")
    remote_keys._next_attempt = _NoMemory()  # each thread stands for a process: none knows what another learned
    threads = [threading.Thread(target=race) for _ in range(8)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        remote_keys._next_attempt = {}
    assert sorted(won) == [False] * 7 + [True]
    assert len(host.requests) == 2
    assert kids(remote) == ["deploy-1", "deploy-2"]


class _NoMemory(dict[Any, datetime]):
    def __setitem__(self, key: Any, value: datetime) -> None:
        pass


# A set that is worse than the last


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (json_answer({"keys": []}), "no_usable_key"),
        (json_answer({"nothing": 1}), "no_usable_key"),
        (html_answer(), "no_usable_key"),
        (json_answer({"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]}), "no_usable_key"),
        (status_answer(404), "unexpected_status"),
        (redirect_answer("https://169.254.169.254/latest/meta-data/"), "redirected"),
        (endless_body_answer(headers={"Content-Length": str(10 * 2**30)}), "body_too_large"),
        (endless_body_answer(), "body_too_large"),
    ],
    ids=["empty", "no-set", "html", "all-bad", "404", "redirect", "10-gb", "endless"],
)
def test_a_worse_set_never_replaces_the_last_good_one(
    remote: ExchangeApplication,
    host: JWKSHost,
    exchange: Exchange,
    at: Travel,
    start: datetime,
    answer: Answer,
    result: str,
) -> None:
    host.answer = answer
    began = time.monotonic()
    assert refresh(remote, start + 2 * HOUR)
    assert time.monotonic() - began < 2
    stored = key_set(remote)
    assert (stored.last_result, kids(remote)) == (result, ["deploy-1"])
    assert stored.last_sentence
    assert (stored.failing_since, stored.fetched_at) == (start + 2 * HOUR, start)
    (event,) = events("JWKS_REFRESH_FAILED")
    assert (event.reason, event.outcome, event.subject_id) == (result, "failed", remote.pk)
    assert event.data["sentence"] == stored.last_sentence
    with at(hours=2, seconds=5):
        assert exchange().status_code == 200


@pytest.mark.parametrize("answer", [hanging_answer(), dripping_body_answer(0.2)], ids=["hangs", "drips"])
def test_a_host_that_keeps_us_waiting_is_left_after_five_seconds(
    remote: ExchangeApplication, host: JWKSHost, start: datetime, answer: Answer
) -> None:
    host.answer = answer
    began = time.monotonic()
    refresh(remote, start + HOUR)
    assert 4.5 < time.monotonic() - began < 6
    assert (key_set(remote).last_result, kids(remote)) == ("timed_out", ["deploy-1"])
    assert [event.reason for event in events("JWKS_REFRESH_FAILED")] == ["timed_out"]


def test_a_name_that_changes_its_address_to_an_inner_one_is_refused(
    deploy_bot: ExchangeApplication,
    host: JWKSHost,
    save: Save,
    start: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [["127.0.0.1"], ["169.254.169.254"], ["127.0.0.1", "10.0.0.1"]]

    def look_up(name: str, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in answers.pop(0)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    save(deploy_bot, jwks=None, jwks_uri=host.url("/jwks.json", host="localhost"))
    assert key_set(deploy_bot).last_result == "certificate_not_trusted"  # it went where the one look-up said
    visits = host.connections
    for hours in (1, 2):
        refresh(deploy_bot, start + hours * HOUR)
        stored = key_set(deploy_bot)
        assert stored.last_result == "address_refused"
        assert "must not be contacted" in stored.last_sentence
    assert host.connections == visits
    assert answers == []


def test_the_good_keys_of_a_set_with_a_bad_one_are_usable_and_the_bad_one_is_shown(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel, start: datetime
) -> None:
    modulus = rsa.generate_private_key(65537, 1024).public_key().public_numbers().n
    bad = public_jwk("weak") | {"n": base64url_encode(modulus.to_bytes(128)).decode()}
    host.answer = json_answer({"keys": [bad, *jwks("deploy-1", "deploy-2")["keys"]]})
    refresh(remote, start + HOUR)
    stored = key_set(remote)
    assert (stored.last_result, kids(remote)) == ("ok", ["deploy-1", "deploy-2"])
    (problem,) = stored.problems
    assert (problem["kid"], problem["path"], problem["code"]) == ("weak", "keys[0]", "rsa_too_small")
    assert "2048" in problem["message"]
    with at(hours=1, seconds=5):
        assert exchange(key="deploy-2").status_code == 200


def test_no_part_of_a_private_key_a_host_publishes_is_kept(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    numbers = private_key("deploy-1").private_numbers()  # type: ignore[union-attr]
    secret = f"{numbers.d:x}"  # type: ignore[union-attr]
    host.answer = json_answer({"keys": [public_jwk("deploy-1") | {"d": secret}, *jwks("deploy-2")["keys"]]})
    refresh(remote, start + HOUR)
    stored = key_set(remote)
    assert kids(remote) == ["deploy-2"]
    assert secret not in str(stored.problems) + str(stored.document) + str([event.data for event in events()])


def test_after_a_bad_answer_the_whole_set_is_asked_for_again(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    publish(host, "deploy-1", etag='"1"')
    refresh(remote, start + HOUR)
    host.answer = html_answer()
    refresh(remote, start + 2 * HOUR)
    assert key_set(remote).problems
    publish(host, "deploy-1", etag='"1"')
    refresh(remote, start + 3 * HOUR)
    assert "if-none-match" not in host.requests[-1].headers
    assert key_set(remote).problems == []


# Outages


def test_an_outage_of_an_hour_fails_no_exchange_with_known_keys(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    host.answer = status_answer(503)
    answers = []
    for minutes in range(60, 121, 3):
        with at(minutes=minutes):
            answers.append(exchange().status_code)
    assert answers == [200] * 21
    publish(host, "deploy-1")
    with at(minutes=130):
        assert exchange().status_code == 200
    assert key_set(remote).failing_since is None


def test_an_outage_is_an_event_when_it_begins_and_one_when_it_ends(
    remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    host.answer = status_answer(503)
    for minutes in range(60, 90):
        refresh_due(now=start + minutes * MINUTE)
    publish(host, "deploy-1")
    for minutes in range(90, 120):
        refresh_due(now=start + minutes * MINUTE)
    failed, recovered = events("JWKS_REFRESH_FAILED", "JWKS_REFRESH_RECOVERED")
    assert (failed.type, failed.data["status"]) == ("JWKS_REFRESH_FAILED", 503)
    assert datetime.fromisoformat(failed.data["usable_until"]) == start + 24 * HOUR
    assert (recovered.type, recovered.outcome) == ("JWKS_REFRESH_RECOVERED", "success")
    assert len(host.requests) < 12  # every five minutes while it fails


def test_an_app_that_joins_a_failing_set_hears_of_the_failure(
    remote: ExchangeApplication, acme: Organization, host: JWKSHost, save: Save, start: datetime
) -> None:
    host.answer = status_answer(503)
    refresh(remote, start + HOUR)
    second = factories.make_application(acme, "second", jwks=jwks("other"))
    save(second, jwks=None, jwks_uri=remote.jwks_uri, now=start + 2 * HOUR)
    assert [event.subject_id for event in events("JWKS_REFRESH_FAILED")] == [remote.pk, second.pk]


def test_while_a_host_hangs_exchanges_seldom_wait_for_it(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    host.answer = status_answer(503)
    for seconds in range(0, 300, 20):
        with at(hours=1, seconds=seconds):
            assert exchange().status_code == 200
    assert len(host.requests) == 2  # on save, and once since


def test_the_last_good_set_is_used_for_a_day_and_then_the_answer_is_503(
    remote: ExchangeApplication, host: JWKSHost, exchange: Exchange, at: Travel
) -> None:
    host.answer = status_answer(503)
    with at(hours=23, minutes=59):
        assert exchange().status_code == 200
    with at(hours=24):
        response = exchange()
    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert response.json()["error"] == "temporarily_unavailable"
    (denial,) = events("TOKEN_EXCHANGE_DENIED")
    assert denial.reason == "keys_unavailable"
    publish(host, "deploy-1")
    with at(hours=24, minutes=2):
        assert exchange().status_code == 200


def test_an_app_whose_set_was_never_fetched_is_unavailable_until_it_is(
    deploy_bot: ExchangeApplication, host: JWKSHost, save: Save, exchange: Exchange, at: Travel
) -> None:
    host.answer = status_answer(503)
    save(deploy_bot, jwks=None, jwks_uri=uri_of(host))
    with at(seconds=1):
        assert exchange().status_code == 503
    publish(host, "deploy-1")
    with at(seconds=61):
        assert exchange().status_code == 200


# Keys of others


def test_a_pasted_key_of_another_organization_is_refused(
    deploy_bot: ExchangeApplication, globex: Organization, save: Save
) -> None:
    save(deploy_bot, description="so that its keys are known")
    thief = factories.make_application(globex, "thief", jwks=jwks("own"))
    with pytest.raises(ValidationError, match="another organization: deploy-1"):
        save(thief, jwks=jwks("deploy-1"))


def test_a_published_key_of_another_organization_is_ignored_and_marked(
    deploy_bot: ExchangeApplication, globex: Organization, host: JWKSHost, save: Save
) -> None:
    save(deploy_bot, description="so that its keys are known")
    publish(host, "deploy-1", "globex-1")
    thief = save(factories.make_application(globex, "thief", jwks=jwks("own")), jwks=None, jwks_uri=uri_of(host))
    marked = dict(thief.key_history.filter(gone_at=None).values_list("kid", "is_foreign"))
    assert marked == {"deploy-1": True, "globex-1": False}
    (event,) = events("TOKEN_EXCHANGE_APP_KEYS_CHANGED")
    assert {key["kid"]: "ignored" in key for key in event.data["came"]} == {"deploy-1": True, "globex-1": False}


def test_an_ignored_key_signs_for_nobody_but_its_first_owner(
    remote: ExchangeApplication, globex: Organization, host: JWKSHost, save: Save, exchange: Exchange
) -> None:
    thief = factories.make_application(globex, "thief", jwks=jwks("own"))
    save(thief, jwks=None, jwks_uri=remote.jwks_uri)
    response = exchange(claims={"iss": thief.client_id, "sub": thief.client_id}, audience="globex")
    assert response.status_code == 401
    assert exchange().status_code == 200
    # And the owner's rotation does not turn his key over to the other
    assert ApplicationKey.objects.get(application=thief, kid="deploy-1").is_foreign


def test_a_key_its_first_owner_gave_up_is_free_at_the_next_fetch_even_if_nothing_changed(
    deploy_bot: ExchangeApplication, globex: Organization, host: JWKSHost, save: Save, start: datetime
) -> None:
    save(deploy_bot, description="so that its keys are known")
    publish(host, "deploy-1", etag='"1"')
    heir = save(factories.make_application(globex, "heir", jwks=jwks("own")), jwks=None, jwks_uri=uri_of(host))
    save(deploy_bot, jwks=jwks("deploy-2"))
    refresh(heir, start + HOUR)
    assert key_set(heir).last_status == 304
    assert not heir.key_history.get(kid="deploy-1").is_foreign


def test_an_answer_that_comes_after_a_newer_attempt_is_dropped(
    shared_database: None, remote: ExchangeApplication, host: JWKSHost, start: datetime
) -> None:
    def answer(visit: Visit) -> None:
        RemoteKeySet.objects.update(attempted_at=start + 2 * HOUR)  # another process began meanwhile
        connection.close()
        json_answer(jwks("old"))(visit)

    host.answer = answer
    refresh(remote, start + HOUR)
    assert kids(remote) == ["deploy-1"]


def test_a_bundle_that_cannot_be_read_is_told_to_the_operator_and_stops_no_exchange(
    remote: ExchangeApplication, exchange: Exchange, at: Travel, settings: Any
) -> None:
    settings.OUTBOUND_CA_BUNDLE = "/nowhere/bundle.pem"
    with at(hours=1, minutes=1):
        assert exchange().status_code == 200
    assert key_set(remote).last_result == "ca_bundle_unreadable"
    assert "OUTBOUND_CA_BUNDLE" in key_set(remote).last_sentence

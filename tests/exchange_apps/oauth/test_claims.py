"""The claims of an assertion at their boundaries: times with 30 s leeway, audience forms, and what a jti is worth."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from pytest_django import Settings
from time_machine import TimeMachineFixture

from exchange_apps.models import ExchangeApplication, Organization, UsedAssertion, User
from tests import factories
from tests.conftest import Exchange, mints, reason_of
from tests.keys import ABSENT, good_claims, jwks, private_key, public_jwk, sign_assertion

NOW = 1_800_000_000


@pytest.fixture
def at(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    """The clock stands at NOW."""
    time_machine.move_to(NOW, tick=False)
    return time_machine


# --- times ------------------------------------------------------------------------------------------------------------

ACCEPTED_TIMES = {
    "expires in a second": {"iat": NOW - 299, "exp": NOW + 1},
    "expired 29 s ago, within the leeway": {"iat": NOW - 300, "exp": NOW - 29},
    "issued 30 s ahead": {"iat": NOW + 30, "exp": NOW + 60},
    "not before 30 s ahead": {"nbf": NOW + 30},
    "not before long ago": {"nbf": 0},
    "not before a negative time": {"nbf": -1},
    "exactly the longest lifetime": {"iat": NOW, "exp": NOW + 300},
    "the longest lifetime, issued ahead": {"iat": NOW + 30, "exp": NOW + 330},
    "a lifetime of one second": {"iat": NOW, "exp": NOW + 1},
}
REFUSED_TIMES: dict[str, tuple[dict[str, Any], str]] = {
    "expired 30 s ago": ({"iat": NOW - 300, "exp": NOW - 30}, "assertion_expired"),
    "expired long ago": ({"iat": 1, "exp": 2}, "assertion_expired"),
    "issued 31 s ahead": ({"iat": NOW + 31, "exp": NOW + 60}, "assertion_issued_in_future"),
    "not before 31 s ahead": ({"nbf": NOW + 31}, "assertion_not_yet_valid"),
    "one second beyond the longest lifetime": ({"iat": NOW, "exp": NOW + 301}, "assertion_lifetime"),
    "an old issue makes a long life": ({"iat": NOW - 10_000, "exp": NOW + 10}, "assertion_lifetime"),
    "expires as it is issued": ({"iat": NOW, "exp": NOW}, "assertion_lifetime"),
    "expires before it is issued": ({"iat": NOW + 10, "exp": NOW}, "assertion_lifetime"),
    "no exp": ({"exp": ABSENT}, "assertion_times_malformed"),
    "no iat": ({"iat": ABSENT}, "assertion_times_malformed"),
    "exp null": ({"exp": None}, "assertion_times_malformed"),
    "exp a float": ({"exp": NOW + 60.0}, "assertion_times_malformed"),
    "exp a string": ({"exp": str(NOW + 60)}, "assertion_times_malformed"),
    "exp true": ({"exp": True}, "assertion_times_malformed"),
    "iat a float": ({"iat": float(NOW)}, "assertion_times_malformed"),
    "iat a string": ({"iat": str(NOW)}, "assertion_times_malformed"),
    "iat false": ({"iat": False}, "assertion_times_malformed"),
    "iat a list": ({"iat": [NOW]}, "assertion_times_malformed"),
    "nbf a float": ({"nbf": 0.5}, "assertion_times_malformed"),
    "nbf a string": ({"nbf": "0"}, "assertion_times_malformed"),
    "nbf null": ({"nbf": None}, "assertion_times_malformed"),
    "exp beyond all calendars": ({"exp": 10**18}, "assertion_times_malformed"),
}


@pytest.mark.parametrize("case", ACCEPTED_TIMES)
def test_times_inside_the_bounds_are_good(exchange: Exchange, at: TimeMachineFixture, case: str) -> None:
    response = exchange(claims={"iat": NOW, "exp": NOW + 300} | ACCEPTED_TIMES[case])
    assert response.status_code == 200, response.content


@pytest.mark.parametrize("case", REFUSED_TIMES)
def test_times_outside_the_bounds_are_refused(exchange: Exchange, at: TimeMachineFixture, case: str) -> None:
    claims, reason = REFUSED_TIMES[case]
    response = exchange(claims={"iat": NOW, "exp": NOW + 300} | claims)
    assert (response.status_code, reason_of(response)) == (401, reason)


def test_the_longest_lifetime_is_the_apps(
    exchange: Exchange, deploy_bot: ExchangeApplication, at: TimeMachineFixture
) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(max_assertion_lifetime=3600)
    assert exchange(claims={"iat": NOW, "exp": NOW + 3600}).status_code == 200
    assert reason_of(exchange(claims={"iat": NOW, "exp": NOW + 3601})) == "assertion_lifetime"


# --- for whom the assertion is ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "audience",
    [
        "http://localhost:8000",
        "http://localhost:8000/oauth/token",
        "http://localhost:8000/v2/oauth/token",
        ["http://localhost:8000"],
        ["http://localhost:8000/v2/oauth/token"],
    ],
    ids=str,
)
@pytest.mark.parametrize("path", ["/oauth/token", "/v2/oauth/token"])
def test_every_name_of_ours_is_an_audience(exchange: Exchange, audience: object, path: str) -> None:
    assert exchange(claims={"aud": audience}, path=path).status_code == 200


@pytest.mark.parametrize(
    "audience",
    [
        ABSENT,
        None,
        "",
        [],
        ["http://localhost:8000", "http://localhost:8000/oauth/token"],
        ["http://localhost:8000", "https://elsewhere.test"],
        [["http://localhost:8000"]],
        {"http://localhost:8000": 1},
        "http://localhost:8000/",
        "http://localhost:8000/oauth/token/",
        "http://localhost:8000/oauth",
        "HTTP://LOCALHOST:8000",
        "http://localhost:8000 ",
        "https://localhost:8000",
        "http://localhost",
        "acme",
        True,
    ],
    ids=str,
)
def test_no_other_audience_is_accepted(exchange: Exchange, audience: object) -> None:
    response = exchange(claims={"aud": audience})
    assert (response.status_code, reason_of(response)) == (401, "assertion_audience")


# --- who signed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", [ABSENT, None, "", "0" * 20, 1, ["x"]], ids=str)
def test_subject_and_issuer_are_both_the_client(exchange: Exchange, subject: object) -> None:
    response = exchange(claims={"sub": subject})
    assert (response.status_code, reason_of(response)) == (401, "assertion_subject")


def test_the_client_id_parameter_may_say_the_same(exchange: Exchange, deploy_bot: ExchangeApplication) -> None:
    assert exchange(client_id=deploy_bot.client_id).status_code == 200
    assert exchange(client_id="").status_code == 200
    assert reason_of(exchange(client_id=deploy_bot.client_id.upper() + "x")) == "client_id_mismatch"


def test_without_a_key_id_every_key_of_the_algorithm_is_tried(
    exchange: Exchange, deploy_bot: ExchangeApplication
) -> None:
    keys = [public_jwk(name) for name in ("deploy-1", "deploy-2")] + [public_jwk("elliptic-1", "ES256")]
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(jwks={"keys": keys})
    for key, algorithm in (("deploy-1", "RS256"), ("deploy-2", "RS256"), ("elliptic-1", "ES256")):
        claims = {"jti": key}
        assertion = unnamed(deploy_bot.client_id, key=key, algorithm=algorithm, **claims)
        assert exchange(client_assertion=assertion).status_code == 200
    assert [event.key_id for event in mints()] == ["deploy-1", "deploy-2", "elliptic-1"]
    assert exchange(client_assertion=unnamed(deploy_bot.client_id, key="stranger")).status_code == 401


def unnamed(client_id: str, **changes: Any) -> str:
    """An assertion whose header names no key."""
    key, algorithm = changes.pop("key"), changes.pop("algorithm", "RS256")
    return jwt.encode(good_claims(client_id, **changes), private_key(key, algorithm), algorithm)


def test_es256_signs_as_well_as_rs256(exchange: Exchange, deploy_bot: ExchangeApplication) -> None:
    keys = jwks("elliptic-1", algorithm="ES256")
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(jwks=keys)
    assert exchange(key="elliptic-1", algorithm="ES256").status_code == 200
    assert [event.key_id for event in mints()] == ["elliptic-1"]


def test_claims_nobody_asked_for_are_ignored(exchange: Exchange) -> None:
    assert (
        exchange(claims={"scope": "write_builds", "admin": True, "nested": {"a": [1]}}).json()["scope"] == "read_builds"
    )


# --- jti --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jti", ["x", "x" * 255, "é" * 127, "\U0001f511" * 63, " ", "\x00", "a b\n"], ids=ascii)
def test_a_jti_is_any_text_of_at_most_255_bytes(exchange: Exchange, jti: str) -> None:
    assert exchange(claims={"jti": jti}).status_code == 200
    assert reason_of(exchange(claims={"jti": jti})) == "assertion_replayed"


@pytest.mark.parametrize("jti", ["", "x" * 256, "é" * 128, "\U0001f511" * 64, None, 1, 1.5, True, [], {}], ids=ascii)
def test_anything_else_is_no_jti(exchange: Exchange, jti: object) -> None:
    response = exchange(claims={"jti": jti})
    assert (response.status_code, reason_of(response)) == (401, "assertion_jti_malformed")


def test_jtis_that_look_alike_are_different(exchange: Exchange) -> None:
    for jti in ("a", "A", "a ", "\u0430", "a\x00"):
        assert exchange(claims={"jti": jti}).status_code == 200


def test_a_jti_is_single_use_for_each_app_and_not_for_all(
    exchange: Exchange, acme: Organization, deploy_bot: ExchangeApplication
) -> None:
    other = factories.make_application(acme, "report-bot", jwks=jwks("report-1"))
    assert exchange(claims={"jti": "one"}).status_code == 200
    theirs = sign_assertion(other.client_id, key="report-1", jti="one")
    assert exchange(client_assertion=theirs).status_code == 200
    assert reason_of(exchange(claims={"jti": "one"})) == "assertion_replayed"


def test_a_jti_is_used_up_for_every_assertion_that_carries_it(exchange: Exchange) -> None:
    assert exchange(claims={"jti": "one"}).status_code == 200
    later = exchange(claims={"jti": "one", "exp": int(time.time()) + 100}, scope="read_pipelines")
    assert reason_of(later) == "assertion_replayed"


def test_a_jti_is_remembered_until_the_assertion_could_no_longer_be_used(
    exchange: Exchange, at: TimeMachineFixture
) -> None:
    assert exchange(claims={"jti": "one", "iat": NOW, "exp": NOW + 300}).status_code == 200
    at.move_to(NOW + 329, tick=False)
    assert reason_of(exchange(claims={"jti": "one"})) == "assertion_replayed"
    at.move_to(NOW + 331, tick=False)
    assert exchange(claims={"jti": "one"}).status_code == 200
    assert UsedAssertion.objects.count() == 1


def test_at_no_moment_is_an_assertion_both_usable_and_forgotten(
    exchange: Exchange, at: TimeMachineFixture, settings: Settings
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 0
    used = sign_assertion(ExchangeApplication.objects.get().client_id, now=NOW)
    assert exchange(client_assertion=used).status_code == 200
    for second in range(300, 335):
        for fraction in (0, 0.4, 0.999):
            at.move_to(NOW + second + fraction, tick=False)
            assert exchange(client_assertion=used).status_code == 401
    assert len(mints()) == 1


def test_without_a_jti_an_assertion_may_be_used_again(exchange: Exchange, deploy_bot: ExchangeApplication) -> None:
    assertion = sign_assertion(deploy_bot.client_id, jti=ABSENT)
    assert [exchange(client_assertion=assertion).status_code for _ in range(2)] == [200, 200]


def test_an_organization_may_demand_a_jti(exchange: Exchange, acme: Organization, bob: User) -> None:
    Organization.objects.filter(pk=acme.pk).update(require_jti=True)
    response = exchange(claims={"jti": ABSENT})
    assert (response.status_code, reason_of(response)) == (401, "assertion_jti_missing")
    assert exchange().status_code == 200


def test_the_record_holds_a_digest_of_the_jti_only(exchange: Exchange) -> None:
    exchange(claims={"jti": "a-jti-nobody-else-has"})
    (event,) = mints()
    assert len(event.data["jti_sha256"]) == 64
    assert "a-jti-nobody-else-has" not in str(event.data)

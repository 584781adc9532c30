"""The denial table: for every reason to refuse, what a caller hears and what the log says. And what strangers hear."""

from __future__ import annotations

import io
import json
import logging
import re
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm
from pytest_django import Settings

from audit.models import AuditEvent
from exchange_apps.domain.denials import PUBLIC_SENTENCES, DenialReason
from exchange_apps.domain.key_freshness import REFETCH_GAP
from exchange_apps.models import (
    ApplicationKey,
    DenialTally,
    ExchangeApplication,
    Membership,
    Organization,
    RemoteKeySet,
    User,
)
from exchange_apps.services import minting
from tests import factories
from tests.conftest import Exchange, Response, denials, good_form, mints, post_form, statements
from tests.exchange_apps.workloads.mistakes import WORKLOAD_REASONS
from tests.keys import ABSENT, jwks, sign_assertion

RFC_6749 = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")
FORM = "application/x-www-form-urlencoded"


@dataclass
class Stage:
    """What a row of the table may change before it asks, and how it asks."""

    exchange: Exchange
    client: Client
    app: ExchangeApplication
    organization: Organization
    bob: User
    settings: Settings
    patch: pytest.MonkeyPatch

    def change_app(self, **fields: Any) -> None:
        ExchangeApplication.objects.filter(pk=self.app.pk).update(**fields)

    def change_organization(self, **fields: Any) -> None:
        Organization.objects.filter(pk=self.organization.pk).update(**fields)


@pytest.fixture
def stage(
    exchange: Exchange,
    client: Client,
    deploy_bot: ExchangeApplication,
    acme: Organization,
    bob: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Stage:
    return Stage(exchange, client, deploy_bot, acme, bob, settings, monkeypatch)


@dataclass(frozen=True)
class Row:
    """One reason. `log` is where the refusal is found: an `event` each, a `tally` with one event a minute, or only a
    `line` of the application log. `last` is the failed row that ends the receipt."""

    reason: DenialReason
    ask: Callable[[Stage], Response]
    status: int
    error: str
    sentence: str
    log: str = "event"
    last: str = ""
    expected: str = ""
    seen: str = ""
    headers: dict[str, str] = field(default_factory=dict)


UNVERIFIED = (
    "Invalid client assertion signature: the assertion is malformed, its client is not known, "
    "or none of the client's keys verifies it"
)
SUBJECT = "Subject user must be an active member of the organization"
NOW = 1_800_000_000


def claims(**changed: Any) -> Callable[[Stage], Response]:
    return lambda stage: stage.exchange(claims=changed)


def form(**changed: Any) -> Callable[[Stage], Response]:
    return lambda stage: stage.exchange(**changed)


def raw(body: bytes, content_type: str = FORM) -> Callable[[Stage], Response]:
    return lambda stage: stage.client.generic("POST", "/oauth/token", body, content_type)


def repeated(stage: Stage) -> Response:
    body = "&".join(f"{name}={value}" for name, value in good_form(stage.app.client_id).items())
    return stage.client.generic("POST", "/oauth/token", f"{body}&audience=globex", FORM)


def shifted(**offsets: int) -> Callable[[Stage], Response]:
    """An assertion whose times lie that many seconds from now."""

    def ask(stage: Stage) -> Response:
        now = int(time.time())
        return stage.exchange(claims={name: now + offset for name, offset in offsets.items()})

    return ask


def replayed(stage: Stage) -> Response:
    assertion = sign_assertion(stage.app.client_id)
    assert stage.exchange(client_assertion=assertion).status_code == 200
    return stage.exchange(client_assertion=assertion)


def unknown_client(stage: Stage) -> Response:
    return stage.exchange(claims={"iss": "0" * 20, "sub": "0" * 20})


def after_app(**fields: Any) -> Callable[[Stage], Response]:
    def ask(stage: Stage) -> Response:
        stage.change_app(**fields)
        return stage.exchange()

    return ask


def after_organization(**fields: Any) -> Callable[[Stage], Response]:
    def ask(stage: Stage) -> Response:
        stage.change_organization(**fields)
        return stage.exchange()

    return ask


def jti_demanded(stage: Stage) -> Response:
    stage.change_organization(require_jti=True)
    return stage.exchange(claims={"jti": ABSENT})


def disabled_and_forged(stage: Stage) -> Response:
    stage.change_app(enabled=False)
    return stage.exchange(key="stranger", headers={"kid": "deploy-1"})


def unverified(stage: Stage) -> Response:
    User.objects.filter(pk=stage.bob.pk).update(email_verified=False)
    return stage.exchange()


def suspended(stage: Stage) -> Response:
    Membership.objects.filter(user=stage.bob).update(active=False)
    return stage.exchange()


def not_a_member(stage: Stage) -> Response:
    factories.make_user("visitor@acme.test")
    return stage.exchange(subject_token="visitor@acme.test")


def over_exchange_limit(stage: Stage) -> Response:
    stage.change_organization(exchange_rate_limit=1)
    assert stage.exchange().status_code == 200
    return stage.exchange()


def over_failure_limit(stage: Stage) -> Response:
    stage.settings.EXCHANGE_FAILURE_LIMIT = 1
    assert stage.exchange(key="stranger", headers={"kid": "deploy-1"}).status_code == 401
    return stage.exchange()


def key_switched_off(stage: Stage) -> Response:
    off = {"thumbprint": "-", "label": "RSA 2048-bit", "switched_off_at": timezone.now()}
    ApplicationKey.objects.update_or_create(application=stage.app, kid="deploy-1", defaults=off)
    return stage.exchange()


def keys_never_fetched(stage: Stage) -> Response:
    uri = "https://keys.acme.test/jwks.json"
    key_set = RemoteKeySet.objects.create(uri=uri, attempted_at=timezone.now())  # so nobody tries again at once
    stage.change_app(jwks=None, jwks_uri=uri, key_set=key_set)
    return stage.exchange()


def without_database(stage: Stage) -> Response:
    def gone(intents: object) -> None:
        raise OperationalError("the disk is full")  # test_database_trouble.py fills and locks real ones

    stage.patch.setattr(minting.mint_writer(), "_write", gone)
    return stage.exchange()


def with_a_bug_of_ours(stage: Stage) -> Response:
    def stumble(*args: object, **named: object) -> None:
        raise KeyError("a mistake of ours")

    stage.patch.setattr("exchange_apps.services.exchange_steps.decide", stumble)
    return stage.exchange()


D = DenialReason
TABLE = (
    Row(
        D.METHOD_NOT_ALLOWED,
        lambda stage: stage.client.get("/oauth/token"),
        405,
        "invalid_request",
        "The token endpoint answers only POST",
        log="line",
        headers={"Allow": "POST"},
    ),
    Row(
        D.BODY_TOO_LARGE,
        raw(b"a=" + b"b" * 65535),
        413,
        "invalid_request",
        "The request body must not exceed 64 KiB",
        log="line",
    ),
    Row(
        D.NOT_A_FORM,
        raw(b'{"grant_type": "x"}', "application/json"),
        400,
        "invalid_request",
        "The request body must be application/x-www-form-urlencoded, in UTF-8",
        log="line",
    ),
    Row(
        D.AUTHORIZATION_HEADER,
        form(extra={"HTTP_AUTHORIZATION": "Basic Ym90OnNlY3JldA=="}),
        400,
        "invalid_request",
        "The Authorization header must not be sent: the client assertion authenticates the client",
        last="request",
    ),
    Row(
        D.PARAMETER_MISSING,
        form(audience=ABSENT),
        400,
        "invalid_request",
        "A required parameter is missing: audience",
        last="request",
        seen="audience",
    ),
    Row(
        D.PARAMETER_REPEATED,
        repeated,
        400,
        "invalid_request",
        "A parameter must not be repeated: audience",
        last="request",
        seen="audience",
    ),
    Row(
        D.PARAMETER_MALFORMED,
        form(expires_in="29"),
        400,
        "invalid_request",
        "A parameter is malformed: expires_in; expected whole seconds, 30 or more; got 29",
        last="request",
        expected="whole seconds, 30 or more",
        seen="29",
    ),
    Row(
        D.GRANT_TYPE_UNSUPPORTED,
        form(grant_type="password"),
        400,
        "unsupported_grant_type",
        "The grant type is not supported; expected urn:ietf:params:oauth:grant-type:token-exchange or "
        "client_credentials or urn:ietf:params:oauth:grant-type:jwt-bearer; got password",
        last="request",
        expected="urn:ietf:params:oauth:grant-type:token-exchange or client_credentials or "
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        seen="password",
    ),
    Row(
        D.FAILURE_LIMIT,
        over_failure_limit,
        429,
        "temporarily_unavailable",
        "Too many failed exchanges from this address for this client: wait before the next try",
        log="tally",
        last="failure_limit",
        expected="at most 1 a minute",
        seen="1",
        headers={"RateLimit-Scope": "exchange_failures", "RateLimit-Limit": "1", "RateLimit-Remaining": "0"},
    ),
    Row(
        D.ASSERTION_MALFORMED,
        form(client_assertion="a.b.c"),
        401,
        "invalid_client",
        UNVERIFIED,
        log="line",
    ),
    Row(D.CLIENT_UNKNOWN, unknown_client, 401, "invalid_client", UNVERIFIED, log="line"),
    Row(
        D.KEY_UNKNOWN,
        form(headers={"kid": "another"}),
        401,
        "invalid_client",
        UNVERIFIED,
        log="tally",
        last="key",
        expected="one of: deploy-1",
        seen="kid 'another' for RS256",
    ),
    Row(
        D.SIGNATURE_INVALID,
        form(key="stranger", headers={"kid": "deploy-1"}),
        401,
        "invalid_client",
        UNVERIFIED,
        log="tally",
        last="signature",
        expected="a signature by deploy-1",
    ),
    Row(
        D.ASSERTION_SUBJECT,
        claims(sub="somebody"),
        401,
        "invalid_client",
        "JWT `sub` claim must equal `iss`, the client id; expected {client_id}; got somebody",
        last="issuer_and_subject",
        expected="{client_id}",
        seen="somebody",
    ),
    Row(
        D.ASSERTION_AUDIENCE,
        claims(aud="https://elsewhere.test"),
        401,
        "invalid_client",
        "JWT `aud` claim is invalid; expected http://localhost:8000 or http://localhost:8000/oauth/token "
        "or http://localhost:8000/v2/oauth/token; got https://elsewhere.test",
        last="assertion_audience",
        expected="http://localhost:8000 or http://localhost:8000/oauth/token or http://localhost:8000/v2/oauth/token",
        seen="https://elsewhere.test",
    ),
    Row(
        D.ASSERTION_TIMES_MALFORMED,
        claims(iat=1.5, exp=True),
        401,
        "invalid_client",
        "JWT `iat`, `exp` and `nbf` claims must be integers, in seconds; "
        "expected integers, iat and exp present; got iat=1.5 exp=True nbf=None",
        last="assertion_times",
        expected="integers, iat and exp present",
        seen="iat=1.5 exp=True nbf=None",
    ),
    Row(
        D.ASSERTION_EXPIRED,
        shifted(iat=-300, exp=-31),
        401,
        "invalid_client",
        r"JWT `exp` claim must be in the future; expected later than \d+ \(the time here\); got \d+, 3[12] s ago",
        last="expiry",
        expected=r"later than \d+ \(the time here\)",
        seen=r"\d+, 3[12] s ago",
    ),
    Row(
        D.ASSERTION_ISSUED_IN_FUTURE,
        shifted(iat=60, exp=120),
        401,
        "invalid_client",
        r"JWT `iat` claim must not be in the future; "
        r"expected at most \d+ \(the time here\) and 30 s; got \d+, (59|60) s ahead",
        last="issued_at",
        expected=r"at most \d+ \(the time here\) and 30 s",
        seen=r"\d+, (59|60) s ahead",
    ),
    Row(
        D.ASSERTION_NOT_YET_VALID,
        shifted(nbf=60),
        401,
        "invalid_client",
        r"JWT `nbf` claim must not be in the future; "
        r"expected at most \d+ \(the time here\) and 30 s; got \d+, (59|60) s ahead",
        last="not_before",
        expected=r"at most \d+ \(the time here\) and 30 s",
        seen=r"\d+, (59|60) s ahead",
    ),
    Row(
        D.ASSERTION_LIFETIME,
        shifted(iat=0, exp=301),
        401,
        "invalid_client",
        "JWT `exp` claim must be later than `iat`, by no more than the app allows; expected 1 to 300 s; got 301 s",
        last="assertion_lifetime",
        expected="1 to 300 s",
        seen="301 s",
    ),
    Row(
        D.ASSERTION_JTI_MALFORMED,
        claims(jti=7),
        401,
        "invalid_client",
        "JWT `jti` claim must be a non-empty string of at most 255 bytes; expected 1 to 255 bytes; got int",
        last="jti",
        expected="1 to 255 bytes",
        seen="int",
    ),
    Row(
        D.ASSERTION_JTI_MISSING,
        jti_demanded,
        401,
        "invalid_client",
        "JWT must contain a `jti` claim; expected a jti claim; got none",
        last="jti",
        expected="a jti claim",
        seen="none",
    ),
    Row(
        D.ASSERTION_REPLAYED,
        replayed,
        401,
        "invalid_client",
        "JWT has already been used (jti)",
        last="replay",
    ),
    Row(
        D.CLIENT_ID_MISMATCH,
        form(client_id="0" * 20),
        401,
        "invalid_client",
        f"The client_id parameter must equal the assertion's `iss` claim; expected {{client_id}}; got {'0' * 20}",
        last="client_id",
        expected="{client_id}",
        seen="0" * 20,
    ),
    Row(
        D.KEY_SWITCHED_OFF,
        key_switched_off,
        401,
        "invalid_client",
        "The key that signed the assertion is switched off in the portal; got deploy-1",
        last="key_switched_on",
        seen="deploy-1",
    ),
    Row(
        D.KEYS_UNAVAILABLE,
        keys_never_fetched,
        503,
        "temporarily_unavailable",
        "The keys of this client cannot be fetched right now: try again shortly",
        log="tally",
        last="key",
        expected="keys fetched within the last 24 hours",
        seen="none",
        headers={"Retry-After": str(REFETCH_GAP)},
    ),
    Row(
        D.APPLICATION_DISABLED,
        after_app(enabled=False),
        401,
        "invalid_client",
        "The token exchange app is disabled",
        last="application_enabled",
    ),
    Row(
        D.EXCHANGE_DISABLED,
        after_organization(token_exchange_enabled=False),
        400,
        "unsupported_grant_type",
        "Token exchange is not enabled for this organization",
        last="exchange_enabled",
    ),
    Row(
        D.EXCHANGE_LIMIT,
        over_exchange_limit,
        429,
        "temporarily_unavailable",
        "The organization's limit of exchanges per minute is reached: wait before the next try",
        last="exchange_limit",
        expected="at most 1 a minute",
        seen="2",
        headers={"RateLimit-Scope": "exchange", "RateLimit-Limit": "1", "RateLimit-Remaining": "0"},
    ),
    Row(
        D.ADDRESS_NOT_ALLOWED,
        after_app(exchange_allowed_ips=["10.0.0.0/8"]),
        400,
        "unauthorized_client",
        "The caller's address is outside the app's allowed IPs for exchange requests; got 127.0.0.1",
        last="address",
        seen="127.0.0.1",
    ),
    Row(
        D.AUDIENCE_INVALID,
        form(audience="globex"),
        400,
        "invalid_target",
        "Invalid audience organization; expected acme or {organization}; got globex",
        last="target",
        expected="acme or {organization}",
        seen="globex",
    ),
    Row(
        D.SUBJECT_UNKNOWN,
        form(subject_token="nobody@acme.test"),
        400,
        "invalid_request",
        SUBJECT,
        last="subject",
    ),
    Row(D.SUBJECT_UNVERIFIED, unverified, 400, "invalid_request", SUBJECT, last="subject"),
    Row(D.SUBJECT_NOT_MEMBER, not_a_member, 400, "invalid_request", SUBJECT, last="subject"),
    Row(D.SUBJECT_SUSPENDED, suspended, 400, "invalid_request", SUBJECT, last="subject"),
    Row(
        D.SCOPE_MALFORMED,
        form(scope="read_builds é"),
        400,
        "invalid_scope",
        "The scope parameter must be scope names separated by spaces: "
        "a scope is 1 to 64 visible ASCII characters without quotes and backslashes",
        last="request",
        seen="a scope is 1 to 64 visible ASCII characters without quotes and backslashes",
    ),
    Row(
        D.SCOPE_NOT_GRANTABLE,
        form(scope="read_builds write_agents"),
        400,
        "invalid_scope",
        "Requested scopes exceed grantable scopes; "
        "expected some of: read_builds read_pipelines write_builds; got write_agents",
        last="scope",
        expected="some of: read_builds read_pipelines write_builds",
        seen="write_agents",
    ),
    Row(
        D.SCOPE_NO_DEFAULT,
        after_app(default_scopes=[]),
        400,
        "invalid_scope",
        "The scope parameter is required: the app has no default scopes; "
        "expected read_builds read_pipelines write_builds",
        last="scope",
        expected="read_builds read_pipelines write_builds",
    ),
    Row(
        D.DATABASE_UNAVAILABLE,
        without_database,
        503,
        "temporarily_unavailable",
        "The service cannot store the exchange right now: try again shortly",
        log="error",
        headers={"Retry-After": "5"},
    ),
    Row(
        D.INTERNAL_ERROR,
        with_a_bug_of_ours,
        500,
        "server_error",
        "The service failed to answer the request",
        log="error",
    ),
)
BY_NAME = {row.reason.value: row for row in TABLE}


@pytest.mark.parametrize("name", BY_NAME)
def test_the_caller_hears_status_code_and_sentence(stage: Stage, name: str) -> None:
    row = BY_NAME[name]
    response = row.ask(stage)
    assert response.status_code == row.status, response.content
    body = response.json()
    assert set(body) == {"error", "error_description", "request_id", "error_uri"}
    assert body["error"] == row.error
    assert _matches(row.sentence, body["error_description"], stage)
    assert body["error_uri"] == f"http://localhost:8000/requests/{body['request_id']}"
    assert uuid.UUID(body["request_id"])
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    assert {name: response[name] for name in row.headers} == row.headers
    if row.status == 429:
        assert 1 <= int(response["Retry-After"]) <= 60
        assert response["Retry-After"] == response["RateLimit-Reset"]


@pytest.mark.parametrize("name", BY_NAME)
def test_the_log_has_the_reason_and_the_receipt(stage: Stage, name: str, caplog: pytest.LogCaptureFixture) -> None:
    row = BY_NAME[name]
    caplog.set_level(logging.INFO)
    request_id = row.ask(stage).json()["request_id"]
    lines = [getattr(record, "reason", None) for record in caplog.records if record.message == "exchange denied"]
    if row.log == "error":
        ours = [record for record in caplog.records if record.name == "exchange_apps.oauth.exception_handler"]
        assert [record.levelname for record in ours] == ["ERROR"]
        assert not denials()
        return
    assert lines[-1] == row.reason.value
    events = list(AuditEvent.objects.filter(request_id=request_id))
    if row.log == "line":
        assert not denials()
        return
    assert [(event.type, event.outcome, event.reason) for event in events] == [
        ("TOKEN_EXCHANGE_DENIED", "denied", row.reason.value)
    ]
    (event,) = events
    assert (event.organization_id, event.actor_id) == (stage.organization.id, stage.app.id)
    assert event.key_id == ("" if row.log == "tally" else "deploy-1")
    assert (event.data["error"], event.data["status"]) == (row.error, row.status)
    assert event.data["client_id"] == stage.app.client_id
    last = event.data["receipt"][-1]
    assert (last["check"], last["passed"]) == (row.last, False)
    assert _matches(row.expected, last["expected"], stage)
    assert _matches(row.seen, last["seen"], stage)
    assert all(earlier["passed"] for earlier in event.data["receipt"][:-1])


@pytest.mark.parametrize("name", BY_NAME)
def test_a_refusal_mints_nothing(stage: Stage, name: str) -> None:
    refused = BY_NAME[name].ask(stage)
    assert refused.json()["request_id"] not in {event.request_id for event in mints()}


def test_every_reason_has_a_row_and_a_public_sentence() -> None:
    """Here, or in the table of foreign tokens."""
    assert {row.reason for row in TABLE}.isdisjoint(WORKLOAD_REASONS)
    assert {row.reason for row in TABLE} | WORKLOAD_REASONS == set(DenialReason) == set(PUBLIC_SENTENCES)


def _matches(pattern: str, text: str, stage: Stage) -> bool:
    filled = pattern.replace("{client_id}", stage.app.client_id).replace("{organization}", str(stage.organization.id))
    assert filled == text or re.fullmatch(filled, text), (filled, text)
    return True


# --- strangers --------------------------------------------------------------------------------------------------------

STRANGERS: dict[str, Callable[[Stage], Response]] = {
    "garbage": form(client_assertion="garbage"),
    "no such client": unknown_client,
    "a client id of the wrong shape": form(claims={"iss": "deploy-bot", "sub": "deploy-bot"}),
    "no such key": form(headers={"kid": "another"}),
    "somebody else's key": form(key="stranger", headers={"kid": "deploy-1"}),
    "another algorithm than the key's": form(algorithm="ES256", key="elliptic", headers={"kid": "deploy-1"}),
    "alg none": form(client_assertion="eyJhbGciOiJub25lIn0.eyJpc3MiOiJhIn0."),
    "a disabled app and a bad signature": disabled_and_forged,
    "an expired assertion and a bad signature": form(
        key="stranger", headers={"kid": "deploy-1"}, claims={"iat": 1, "exp": 2}
    ),
}


@pytest.mark.parametrize("cause", STRANGERS)
def test_before_the_signature_verifies_every_cause_sounds_the_same(stage: Stage, cause: str) -> None:
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    response, usual = STRANGERS[cause](stage), unknown_client(stage)
    assert _without_request_id(response) == _without_request_id(usual)
    assert response.json()["error_description"] == UNVERIFIED


def _without_request_id(response: Response) -> tuple[Any, ...]:
    body = response.json()
    request_id = body.pop("request_id")
    assert body.pop("error_uri").endswith(request_id)
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-Id"}
    return response.status_code, body, headers


def test_one_sentence_serves_exactly_the_reasons_of_strangers() -> None:
    assert {reason for reason, sentence in PUBLIC_SENTENCES.items() if sentence == UNVERIFIED} == {
        D.ASSERTION_MALFORMED,
        D.CLIENT_UNKNOWN,
        D.KEY_UNKNOWN,
        D.SIGNATURE_INVALID,
    }


def test_before_the_signature_verifies_every_cause_takes_as_long(stage: Stage) -> None:
    """Whole requests, the causes in turn, so that whatever else the machine does falls on all of them alike."""
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    assert stage.exchange().status_code == 200  # the app is known to this process, as it is in a busy one
    causes: dict[DenialReason, dict[str, Any]] = {
        D.ASSERTION_MALFORMED: {"client_assertion": sign_assertion(stage.app.client_id) + "="},
        D.CLIENT_UNKNOWN: {"client_assertion": sign_assertion("0" * 20)},
        D.KEY_UNKNOWN: {"client_assertion": sign_assertion(stage.app.client_id, headers={"kid": "another"})},
        D.SIGNATURE_INVALID: {
            "client_assertion": sign_assertion(stage.app.client_id, key="stranger", headers={"kid": "deploy-1"})
        },
    }
    took: dict[DenialReason, list[int]] = {reason: [] for reason in causes}
    for number in range(60):
        for reason, changes in causes.items():
            request = good_form(stage.app.client_id, **changes)
            started = time.perf_counter_ns()
            response = post_form(stage.client, "/oauth/token", request)
            elapsed = time.perf_counter_ns() - started
            assert response.status_code == 401
            if number >= 5:  # the first ones fill caches and open the minute's tallies
                took[reason].append(elapsed)
    medians = {reason: statistics.median(times) for reason, times in took.items()}
    assert max(medians.values()) < 1.4 * min(medians.values()), medians


def test_before_the_signature_verifies_every_cause_takes_the_same_steps(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exact half of the test above: as many statements, as many checks of a signature."""
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    assert stage.exchange().status_code == 200
    checks: list[str] = []
    real = RSAAlgorithm.verify

    def counted(*args: Any) -> bool:
        checks.append("RS256")
        return real(*args)

    monkeypatch.setattr(RSAAlgorithm, "verify", counted)
    causes: dict[str, dict[str, Any]] = {
        "malformed": {"client_assertion": sign_assertion(stage.app.client_id) + "="},
        "client": {"claims": {"iss": "0" * 20}},
        "key": {"headers": {"kid": "another"}},
        "signature": {"key": "stranger", "headers": {"kid": "deploy-1"}},
    }
    steps = {}
    for _ in range(2):  # the first of a minute may write an event; the second is like all that follow
        for cause, changes in causes.items():
            checks.clear()
            with statements() as texts:
                assert stage.exchange(**changes).status_code == 401
            steps[cause] = ([text.split()[0] for text in texts], len(checks))
    assert len({repr(taken) for taken in steps.values()}) == 1, steps


# --- the log of strangers ---------------------------------------------------------------------------------------------


def test_strangers_cannot_fill_a_log_but_are_counted(stage: Stage) -> None:
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    for _ in range(5):
        stage.exchange(key="stranger", headers={"kid": "deploy-1"})
    assert [event.data["suppressed_before"] for event in denials()] == [0]
    assert DenialTally.objects.get(key=f"{stage.app.client_id}:signature_invalid").suppressed == 4


def test_the_next_minute_begins_with_an_event_that_tells_how_many_were_left_out(
    stage: Stage, time_machine: Any
) -> None:
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    time_machine.move_to(NOW, tick=False)
    for _ in range(3):
        stage.exchange(key="stranger", headers={"kid": "deploy-1"})
    time_machine.move_to(NOW + 60, tick=False)
    stage.exchange(key="stranger", headers={"kid": "deploy-1"})
    assert [event.data["suppressed_before"] for event in denials()] == [0, 2]


def test_a_malformed_request_of_a_proven_key_holder_reaches_its_organization(stage: Stage) -> None:
    stage.exchange(subject_token_type="urn:ietf:params:oauth:token-type:saml2")
    (event,) = denials()
    assert (event.reason, event.organization_slug, event.key_id) == ("parameter_malformed", "acme", "deploy-1")


def test_a_malformed_request_with_a_forged_assertion_reaches_nobody(stage: Stage) -> None:
    stage.exchange(grant_type="password", key="stranger", headers={"kid": "deploy-1"})
    assert not AuditEvent.objects.exists()


def test_a_refusal_names_whom_it_was_for_once_that_is_known(stage: Stage) -> None:
    assertion = sign_assertion(stage.app.client_id)
    stage.exchange(client_assertion=assertion)
    stage.exchange(client_assertion=assertion)
    (event,) = denials()
    assert (event.on_behalf_of_id, event.on_behalf_of_name) == (stage.bob.id, "bob@acme.test")


def test_nobody_sees_another_organizations_events(stage: Stage, mallory: User) -> None:
    factories.make_application(mallory.memberships.get().organization, "theirs", jwks=jwks("theirs"))
    stage.exchange(audience="globex")
    assert {event.organization_slug for event in denials()} == {"acme"}


# --- whatever comes, the answer is this JSON --------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", ["/oauth/token", "/v2/oauth/token"])
def test_every_other_method_is_told_to_post(client: Client, method: str, path: str, db: None) -> None:
    response = client.generic(method, path)
    assert (response.status_code, response["Allow"]) == (405, "POST")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    if method != "HEAD":
        assert response.json()["error"] == "invalid_request"


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "text/plain", "multipart/form-data; boundary=x", "x", FORM + "x", "\xe9"]
)
def test_another_content_type_is_refused(client: Client, content_type: str, db: None) -> None:
    response = client.generic("POST", "/oauth/token", b"grant_type=x", content_type)
    _assert_json_error(response, 400)


@pytest.mark.parametrize("content_type", [FORM, FORM.upper(), f"{FORM}; charset=UTF-8", f" {FORM} ;x"])
def test_the_content_type_of_a_form_may_carry_parameters(
    client: Client, deploy_bot: ExchangeApplication, bob: User, content_type: str
) -> None:
    response = client.generic("POST", "/oauth/token", urlencode(good_form(deploy_bot.client_id)), content_type)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"&&&&",
        b"=",
        b"grant_type",
        b"grant_type=%",
        b"grant_type=%zz",
        b"grant_type=%ff%fe",
        b"grant_type=%00",
        b"grant_type=\xff",
        b"\x00" * 100,
        b"a=1&" * 101,
        b"&".join(b"p%d=1" % number for number in range(101)),
        b"<html></html>",
        b'{"grant_type":"x"}',
        b"a" * 65536,
    ],
    ids=lambda body: repr(body[:16]),
)
def test_a_malformed_body_is_a_400(client: Client, body: bytes, db: None) -> None:
    _assert_json_error(client.generic("POST", "/oauth/token", body, FORM), 400)


def test_a_body_of_64_kib_is_read_and_one_byte_more_is_not(stage: Stage) -> None:
    body = urlencode(good_form(stage.app.client_id) | {"padding": ""})
    full = body + "x" * (65536 - len(body))
    assert raw(full.encode())(stage).status_code == 200
    _assert_json_error(raw(full.encode() + b"x")(stage), 413)


@pytest.mark.parametrize("length", ["-1", "x", "\xb2", "9" * 5000, "1e3", ""])
def test_a_strange_content_length_is_no_failure_of_ours(client: Client, length: str, db: None) -> None:
    response = client.generic("POST", "/oauth/token", b"a=b", FORM, CONTENT_LENGTH=length)
    assert response.status_code in (400, 413)
    _assert_json_error(response, response.status_code)


def test_a_chunked_body_is_read_like_any_other(stage: Stage) -> None:
    response = chunked(stage.client, urlencode(good_form(stage.app.client_id)).encode())
    assert response.status_code == 200, response.content


def test_a_chunked_body_beyond_64_kib_is_refused(stage: Stage) -> None:
    _assert_json_error(chunked(stage.client, b"a=" + b"b" * 70000), 413)


def chunked(client: Client, body: bytes) -> Response:
    """As a server hands on a body of unknown length."""
    extra: dict[str, Any] = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(body)}
    extra["CONTENT_TYPE"] = FORM
    return client.generic("POST", "/oauth/token", b"", FORM, **extra)


def test_parameters_of_the_address_are_never_looked_at(stage: Stage) -> None:
    address = f"/oauth/token?{urlencode(good_form(stage.app.client_id))}"
    _assert_json_error(stage.client.generic("POST", address, b"", FORM), 400)


def _assert_json_error(response: Response, status: int) -> None:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    body = json.loads(response.content)
    assert set(body) == {"error", "error_description", "request_id", "error_uri"}
    assert RFC_6749.fullmatch(body["error_description"])


# --- hostile words ----------------------------------------------------------------------------------------------------

hostile_text = st.text(st.characters(), max_size=80)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | hostile_text,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(hostile_text, children, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from(["grant_type", "subject_token", "subject_token_type", "audience", "scope", "client_id", "resource"])
    | st.sampled_from(["expires_in", "requested_token_type", "client_assertion_type"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
def test_whatever_a_parameter_says_the_answer_stays_in_bounds(stage: Stage, name: str, value: str) -> None:
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    response = stage.exchange(**{name: value})
    if response.status_code != 200:
        _assert_json_error(response, response.status_code)
        assert response.status_code < 500


@given(st.sampled_from(["sub", "aud", "iat", "exp", "nbf", "jti", "other"]), json_values)
def test_whatever_a_claim_says_the_answer_stays_in_bounds(stage: Stage, name: str, value: object) -> None:
    stage.settings.EXCHANGE_FAILURE_LIMIT = 0
    response = stage.exchange(claims={name: value})
    if response.status_code != 200:
        _assert_json_error(response, response.status_code)
        assert response.status_code < 500


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80))
def test_whatever_a_repeated_parameter_is_called_the_answer_is_in_bounds(client: Client, db: None, name: str) -> None:
    body = f"{quote(name)}=1&{quote(name)}=2"
    _assert_json_error(client.generic("POST", "/oauth/token", body, FORM), 400)


def test_a_connection_that_breaks_while_sending_is_a_400(client: Client, db: None) -> None:
    class Broken:
        def read(self, *size: int) -> bytes:
            raise OSError("connection reset")

        readline = read

    extra: dict[str, Any] = {"wsgi.input": Broken(), "CONTENT_LENGTH": "10"}
    _assert_json_error(client.generic("POST", "/oauth/token", b"", FORM, **extra), 400)

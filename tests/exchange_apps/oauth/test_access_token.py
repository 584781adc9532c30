"""What a minted token is good for: it describes and revokes itself, for as long as everything it stands on stands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings
from time_machine import TimeMachineFixture

from audit.models import AuditEvent
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.models import ExchangeApplication, Membership, MintedToken, Organization, User
from tests import factories
from tests.conftest import Exchange, Response
from tests.keys import jwks, sign_assertion

NOW = 1_800_000_000
UseToken = Callable[..., Response]


@pytest.fixture
def secret(exchange: Exchange) -> str:
    token: str = exchange().json()["access_token"]
    return token


def assert_inactive(response: Response) -> None:
    """RFC 6750: 401, the challenge, and never a word about why."""
    assert response.status_code == 401, response.content
    message = "The access token is invalid, expired, revoked, or used from an address it is not allowed for"
    assert response["WWW-Authenticate"] == f'Bearer error="invalid_token", error_description="{message}"'
    assert set(response.json()) == {"message", "request_id"}
    assert response.json()["message"] == message
    assert response["Cache-Control"] == "no-store"


# --- describing -------------------------------------------------------------------------------------------------------


def test_a_token_describes_itself(
    exchange: Exchange,
    use_token: UseToken,
    deploy_bot: ExchangeApplication,
    bob: User,
    acme: Organization,
    time_machine: TimeMachineFixture,
) -> None:
    time_machine.move_to(NOW, tick=False)
    secret = exchange(scope="write_builds read_builds", expires_in="90").json()["access_token"]
    response = use_token(secret)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/json"
    assert response.json() == {
        "uuid": str(MintedToken.objects.get().id),
        "scopes": ["read_builds", "write_builds"],
        "description": "Minted by deploy-bot",
        "created_at": "2027-01-15 08:00:00 UTC",
        "expires_at": "2027-01-15 08:01:30 UTC",
        "user": {"uuid": str(bob.id), "email": "bob@acme.test", "name": "Bob"},
        "organization": {"uuid": str(acme.id), "slug": "acme"},
        "app": {"uuid": str(deploy_bot.id), "name": "deploy-bot", "client_id": deploy_bot.client_id},
    }


def test_the_answer_holds_no_secret(use_token: UseToken, secret: str) -> None:
    assert secret not in use_token(secret).content.decode()


def test_looking_changes_nothing_and_is_no_event(use_token: UseToken, secret: str) -> None:
    before = AuditEvent.objects.count()
    assert [use_token(secret).status_code for _ in range(3)] == [200, 200, 200]
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(use_token: UseToken, secret: str, scheme: str) -> None:
    assert use_token(secret, HTTP_AUTHORIZATION=f"{scheme} {secret}").status_code == 200


# --- revoking ---------------------------------------------------------------------------------------------------------


def test_a_token_revokes_itself_for_good(use_token: UseToken, secret: str) -> None:
    response = use_token(secret, "DELETE")
    assert (response.status_code, response.content, response["Cache-Control"]) == (204, b"", "no-store")
    assert_inactive(use_token(secret))
    assert_inactive(use_token(secret, "DELETE"))


def test_a_revocation_is_an_event_that_names_token_app_and_user(
    use_token: UseToken, secret: str, bob: User, acme: Organization, deploy_bot: ExchangeApplication
) -> None:
    use_token(secret, "DELETE")
    token = MintedToken.objects.get()
    (event,) = AuditEvent.objects.filter(type="ACCESS_TOKEN_REVOKED")
    assert (event.actor_type, event.actor_id) == ("USER", bob.id)
    assert (event.subject_type, event.subject_id) == ("MINTED_TOKEN", token.id)
    assert (event.organization_id, event.key_id, event.outcome) == (acme.id, "deploy-1", "success")
    assert event.data["token_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert token.revoked_at is not None
    assert event.occurred_at == token.revoked_at.replace(microsecond=token.revoked_at.microsecond // 1000 * 1000)


def test_revoking_one_token_leaves_the_others(exchange: Exchange, use_token: UseToken, secret: str) -> None:
    other = exchange().json()["access_token"]
    use_token(secret, "DELETE")
    assert use_token(other).status_code == 200


# --- everything it stands on ------------------------------------------------------------------------------------------

FALLS: dict[str, Callable[[ExchangeApplication, User], object]] = {
    "its app is disabled": lambda app, bob: ExchangeApplication.objects.filter(pk=app.pk).update(enabled=False),
    "its app is deleted": lambda app, bob: app.delete(),
    "its organization's exchange is off": lambda app, bob: Organization.objects.filter(pk=app.organization_id).update(
        token_exchange_enabled=False
    ),
    "its organization is deleted": lambda app, bob: Organization.objects.get(pk=app.organization_id).delete(),
    "its user is inactive": lambda app, bob: User.objects.filter(pk=bob.pk).update(is_active=False),
    "its user is deleted": lambda app, bob: bob.delete(),
    "its user's membership is off": lambda app, bob: Membership.objects.filter(user=bob).update(active=False),
    "its user left": lambda app, bob: Membership.objects.filter(user=bob).delete(),
    "it is revoked": lambda app, bob: MintedToken.objects.update(revoked_at="2020-01-01T00:00:00Z"),
    "its time is over": lambda app, bob: MintedToken.objects.update(expires_at="2020-01-01T00:00:00Z"),
}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("fall", FALLS)
def test_a_token_falls_at_once_with_what_it_stands_on(
    use_token: UseToken, secret: str, deploy_bot: ExchangeApplication, bob: User, fall: str, method: str
) -> None:
    assert use_token(secret).status_code == 200
    FALLS[fall](deploy_bot, bob)
    assert_inactive(use_token(secret, method))
    assert not AuditEvent.objects.filter(type="ACCESS_TOKEN_REVOKED").exists()


def test_what_is_switched_on_again_stands_again(
    use_token: UseToken, secret: str, deploy_bot: ExchangeApplication
) -> None:
    rows = ExchangeApplication.objects.filter(pk=deploy_bot.pk)
    rows.update(enabled=False)
    assert_inactive(use_token(secret))
    rows.update(enabled=True)
    assert use_token(secret).status_code == 200


def test_a_token_ends_to_the_second(exchange: Exchange, use_token: UseToken, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(NOW, tick=False)
    secret = exchange(expires_in="30").json()["access_token"]
    time_machine.move_to(NOW + 29.999, tick=False)
    assert use_token(secret).status_code == 200
    time_machine.move_to(NOW + 30, tick=False)
    assert_inactive(use_token(secret))


def test_what_was_granted_stays_granted(use_token: UseToken, secret: str, deploy_bot: ExchangeApplication) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(
        grantable_scopes=["read_pipelines"], default_scopes=[], max_token_ttl=30, token_allowed_ips=["192.0.2.1/32"]
    )
    assert use_token(secret).json()["scopes"] == ["read_builds"]


def test_a_member_of_another_organization_gains_nothing_by_it(
    exchange: Exchange, use_token: UseToken, secret: str, bob: User, globex: Organization
) -> None:
    Membership.objects.create(organization=globex, user=bob)
    Membership.objects.filter(user=bob, organization__slug="acme").update(active=False)
    assert_inactive(use_token(secret))


# --- from where it may be used ----------------------------------------------------------------------------------------

PLACES = [
    (["192.0.2.0/24"], "192.0.2.7", True),
    (["192.0.2.0/24"], "192.0.3.7", False),
    (["192.0.2.7"], "192.0.2.7", True),
    (["192.0.2.7"], "192.0.2.8", False),
    (["2001:db8::/32"], "2001:db8::1", True),
    (["2001:db8::/32"], "2001:db9::1", False),
    (["192.0.2.0/24"], "::ffff:192.0.2.7", True),
    (["192.0.2.0/24"], "::ffff:192.0.3.7", False),
    (["2001:db8::/32", "10.0.0.0/8"], "10.1.2.3", True),
    (["0.0.0.0/0"], "2001:db8::1", False),
    (["192.0.2.0/24"], "", False),
    (["192.0.2.0/24"], "unix:", False),
    ([], "", True),
]


@pytest.mark.parametrize("whose", ["app", "organization"])
@pytest.mark.parametrize(("ranges", "address", "allowed"), PLACES)
def test_a_token_works_only_inside_its_networks(
    exchange: Exchange,
    use_token: UseToken,
    deploy_bot: ExchangeApplication,
    acme: Organization,
    whose: str,
    ranges: list[str],
    address: str,
    allowed: bool,
) -> None:
    if whose == "app":
        ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(token_allowed_ips=ranges)
    else:
        Organization.objects.filter(pk=acme.pk).update(allowed_ips=ranges)
    response = use_token(exchange().json()["access_token"], REMOTE_ADDR=address)
    if allowed:
        assert response.status_code == 200
    else:
        assert_inactive(response)


def test_both_lists_must_allow_the_address(
    exchange: Exchange, use_token: UseToken, deploy_bot: ExchangeApplication, acme: Organization
) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(token_allowed_ips=["192.0.2.0/24"])
    Organization.objects.filter(pk=acme.pk).update(allowed_ips=["192.0.2.0/25"])
    secret = exchange().json()["access_token"]
    assert use_token(secret, REMOTE_ADDR="192.0.2.1").status_code == 200
    assert_inactive(use_token(secret, REMOTE_ADDR="192.0.2.129"))


def test_the_organizations_list_is_looked_up_live(use_token: UseToken, secret: str, acme: Organization) -> None:
    Organization.objects.filter(pk=acme.pk).update(allowed_ips=["192.0.2.0/24"])
    assert_inactive(use_token(secret, REMOTE_ADDR="198.51.100.1"))


def test_from_outside_its_networks_a_token_cannot_even_revoke_itself(
    use_token: UseToken, secret: str, acme: Organization
) -> None:
    Organization.objects.filter(pk=acme.pk).update(allowed_ips=["192.0.2.0/24"])
    assert_inactive(use_token(secret, "DELETE", REMOTE_ADDR="198.51.100.1"))
    assert MintedToken.objects.get().revoked_at is None


def test_a_forwarding_header_counts_only_from_a_trusted_proxy(
    use_token: UseToken, secret: str, acme: Organization, settings: Settings
) -> None:
    from ipaddress import ip_network

    Organization.objects.filter(pk=acme.pk).update(allowed_ips=["192.0.2.0/24"])
    call = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"}
    assert_inactive(use_token(secret, **call))
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/8"),)
    assert use_token(secret, **call).status_code == 200


# --- everything that is no token --------------------------------------------------------------------------------------


def test_without_a_token_the_challenge_only_names_the_scheme(client: Client, db: None) -> None:
    for headers in ({}, {"authorization": "Basic Ym9iOnB3"}, {"authorization": ""}):
        response: Response = client.get("/v2/access-token", headers=headers)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
        assert response.json()["message"] == "An access token is required: Authorization: Bearer <token>"


NOT_TOKENS: dict[str, Callable[[str], str]] = {
    "nothing": lambda good: "",
    "words": lambda good: "let me in",
    "another prefix": lambda good: good.replace("bktx_", "bkua_"),
    "a wrong checksum": lambda good: good[:-1] + ("0" if good[-1] != "0" else "1"),
    "another case": lambda good: good.swapcase(),
    "too short": lambda good: good[:-1],
    "too long": lambda good: good + "0",
    "quoted": lambda good: f'"{good}"',
    "twice": lambda good: f"{good} {good}",
    "a comma after it": lambda good: f"{good},",
    "a full-width digit": lambda good: good[:-1] + "\uff10",
    "a NUL": lambda good: good + "\x00",
    "an assertion": lambda good: sign_assertion("0" * 20),
    "well formed but unknown": lambda good: OpaqueToken.generate("bktx_").secret,
    "very long": lambda good: "x" * 100_000,
}


@pytest.mark.parametrize("kind", NOT_TOKENS)
def test_what_is_no_token_of_ours_is_inactive(use_token: UseToken, secret: str, kind: str) -> None:
    assert_inactive(use_token(NOT_TOKENS[kind](secret)))


def test_a_token_in_the_address_or_the_body_is_no_token(client: Client, secret: str) -> None:
    assert client.get("/v2/access-token", {"access_token": secret}).status_code == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "HEAD", "OPTIONS"])
def test_other_methods_are_refused_in_json(use_token: UseToken, secret: str, method: str) -> None:
    response = use_token(secret, method)
    assert (response.status_code, response["Allow"]) == (405, "GET, DELETE")
    assert response["Content-Type"] == "application/json"


def test_every_refusal_names_its_request(use_token: UseToken) -> None:
    response = use_token("x")
    assert re.fullmatch(r"[0-9a-f-]{36}", response.json()["request_id"])
    assert response["X-Request-Id"] == response.json()["request_id"]


def test_a_token_of_another_organization_shows_only_its_own(
    exchange: Exchange, use_token: UseToken, mallory: User, client: Client
) -> None:
    theirs = factories.make_application(mallory.memberships.get().organization, "theirs", jwks=jwks("theirs"))
    answer = exchange(
        client_assertion=sign_assertion(theirs.client_id, key="theirs"),
        subject_token=mallory.email,
        audience="globex",
    )
    described = use_token(answer.json()["access_token"]).json()
    assert (described["organization"]["slug"], described["user"]["email"]) == ("globex", "mallory@globex.test")


def test_a_database_that_is_gone_is_a_503_in_json(
    use_token: UseToken, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: object, **named: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("exchange_apps.oauth.bearer.authenticate", gone)
    response = use_token(secret)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert set(response.json()) == {"message", "request_id"}

"""Identity providers over REST: the same rules as in the portal, and never for a workload's token."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, IdentityProvider, MintedToken, Organization, User
from tests import factories
from tests.configurations import a_provider

PROVIDERS = "/v2/organizations/acme/identity-providers"
SCOPES = ["read_organization_settings", "write_organization_settings"]


@pytest.fixture
def log_reader(acme: Organization) -> ExchangeApplication:
    return factories.make_application(acme, "deploy-bot", grantable_scopes=SCOPES, default_scopes=SCOPES)


@pytest.fixture
def send(client: Client, token_for: Callable[..., str], alice: User) -> Callable[..., Any]:
    token = token_for(alice.email)

    def call(method: str, path: str = PROVIDERS, body: Any = None, *, bearer: str = token, **headers: str) -> Any:
        content = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return client.generic(method, path, **content, HTTP_AUTHORIZATION=f"Bearer {bearer}", **extra)

    return call


def test_one_is_made_read_changed_and_listed(send: Callable[..., Any]) -> None:
    made = send("POST", body=a_provider())
    assert made.status_code == 201, made.content
    document = made.json()
    address = f"{PROVIDERS}/{document['uuid']}"
    assert made["Location"].endswith(address)
    assert (document["issuer"], document["mode"]) == ("https://token.actions.githubusercontent.com", "enforce")
    read = send("GET", address)
    assert read.json() == document
    assert send("GET", address, if_none_match=read["ETag"]).status_code == 304
    changed = send("PATCH", address, {"enabled": False}, if_match=read["ETag"])
    assert (changed.status_code, changed.json()["enabled"]) == (200, False)
    assert send("PATCH", address, {"enabled": True}, if_match=read["ETag"]).status_code == 412
    assert [item["name"] for item in send("GET").json()["items"]] == ["github"]
    events = AuditEvent.objects.filter(subject_id=document["uuid"]).order_by("id")
    assert [event.actor_name for event in events] == ["alice@acme.test"] * 2


def test_the_list_goes_page_by_page(send: Callable[..., Any], acme: Organization) -> None:
    for number in range(5):
        factories.make_provider(acme, f"ci-{number}")
    first = send("GET", f"{PROVIDERS}?per_page=2").json()
    assert [item["name"] for item in first["items"]] == ["ci-4", "ci-3"]
    second = send("GET", first["links"]["next"].split("testserver")[-1].split(":8000")[-1]).json()
    assert [item["name"] for item in second["items"]] == ["ci-2", "ci-1"]
    assert send("GET", f"{PROVIDERS}?per_page=0").status_code == 400


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"color": "red"}, "color", "There is no such key here"),
        ({"token_ttl": "600"}, "token_ttl", "a whole number"),
        ({"jwks_uri": "https://a.test/jwks"}, "jwks", "not both"),
        ({"audiences": []}, "audiences", "must not be empty"),
        ({"exchange_allowed_ips": ["10.0.0.1/8"]}, "exchange_allowed_ips", ""),
        ({"policy": [{"scopes": ["read_nothing"], "claims": {"repository_id": "1"}}]}, "policy", "no such scope"),
        ({"policy": [{"scopes": ["read_builds"], "claims": {"ref": "x"}}]}, "policy", "signs for all its customers"),
        ({"policy": [{"scopes": ["read_builds"], "claims": {"repository": "a/b"}}]}, "policy", "is a name that can be"),
        ({"name": None}, "name", ""),
    ],
)
def test_what_cannot_be_saved_is_told_by_field(
    send: Callable[..., Any], changes: dict[str, Any], field: str, sentence: str
) -> None:
    answer = send("POST", body=a_provider(**changes))
    assert answer.status_code == 422, answer.content
    assert any(error["field"] == field and sentence in error["message"] for error in answer.json()["errors"])
    assert not IdentityProvider.objects.exists()


def test_warnings_are_acknowledged_by_name(send: Callable[..., Any]) -> None:
    policy = [{"scopes": ["read_builds"], "claims": {"repository": "acme/shop"}}]
    findings = send("POST", body=a_provider(policy=policy)).json()["findings"]
    assert [(one["name"], one["severity"], one["field"]) for one in findings] == [
        ("mutable_name:1", "warning", "policy[0].claims.repository")
    ]
    made = send("POST", body=a_provider(policy=policy, acknowledge=["mutable_name:1"]))
    assert made.json()["acknowledged"] == ["mutable_name:1"]


def test_a_name_is_taken_once(send: Callable[..., Any]) -> None:
    assert send("POST", body=a_provider()).status_code == 201
    answer = send("POST", body=a_provider())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "name")


def test_each_role_may_what_it_may_in_the_portal(
    send: Callable[..., Any],
    token_for: Callable[..., str],
    acme: Organization,
    olga: User,
    bob: User,
    carol: User,
) -> None:
    address = f"{PROVIDERS}/{factories.make_provider(acme).pk}"
    reader, member, owner = (token_for(person.email) for person in (carol, bob, olga))
    assert send("GET", address, bearer=reader).status_code == 200
    assert send("PATCH", address, {"enabled": False}, bearer=reader).status_code == 403
    assert send("GET", address, bearer=member).status_code == 403
    assert send("DELETE", address).status_code == 403  # Alice is an admin
    assert send("DELETE", address, bearer=owner).status_code == 204
    assert send("GET", address).status_code == 404


def test_a_scope_is_needed(send: Callable[..., Any], token_for: Callable[..., str], alice: User) -> None:
    reader = token_for(alice.email, scope="read_organization_settings")
    answer = send("POST", body=a_provider(), bearer=reader)
    assert (answer.status_code, answer.json()["needed_scope"]) == (403, "write_organization_settings")


def test_another_organizations_is_not_there(send: Callable[..., Any], globex: Organization) -> None:
    theirs = factories.make_provider(globex, "theirs")
    for method in ("GET", "PATCH"):
        assert send(method, f"{PROVIDERS}/{theirs.pk}", {"enabled": False}).status_code == 404
    assert send("GET").json()["items"] == []


def test_a_workloads_token_changes_no_trust(send: Callable[..., Any], acme: Organization) -> None:
    provider = factories.make_provider(acme)
    MintedToken.objects.update(application=None, identity_provider=provider)
    answer = send("PATCH", f"{PROVIDERS}/{provider.pk}", {"enabled": False})
    assert answer.status_code == 403
    assert "minted from an identity provider" in answer.json()["message"]
    assert send("POST", body=a_provider()).status_code == 403
    provider.refresh_from_db()
    assert provider.enabled


def test_the_schema_tells_of_it(client: Client) -> None:
    schema = client.get("/api/schema", HTTP_ACCEPT="application/json").json()
    assert {"get", "post"} <= schema["paths"]["/v2/organizations/{org}/identity-providers"].keys()
    assert "IdentityProviderDocument" in schema["components"]["schemas"]

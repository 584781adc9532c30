"""Every address, every method, every role: who is answered what, and that nothing of another organization is there."""

from __future__ import annotations

from typing import Any

import pytest

from exchange_apps.models import IdentityProvider, MintedToken, Organization, User
from tests.exchange_apps.api.conftest import Call, Mint
from tests.exchange_apps.api.routes import BELOW, routes
from tests.exchange_apps.api.stage import bodies, fill

READERS, WRITERS, OWNERS = "owner admin auditor", "owner admin", "owner"
EVERYBODY = "owner admin auditor member"
# What is not: reading for readers, writing for owners and admins
EXCEPTIONS = {
    ("GET", "/v2/organizations"): EVERYBODY,
    ("GET", f"{BELOW}/rate_limit"): EVERYBODY,
    ("GET", f"{BELOW}/tokens"): EVERYBODY,
    ("DELETE", f"{BELOW}/token-exchange-apps/{{app_id}}"): OWNERS,
    ("POST", f"{BELOW}/token-exchange-apps/{{app_id}}/restore"): OWNERS,
    ("DELETE", f"{BELOW}/identity-providers/{{provider_id}}"): OWNERS,
    ("POST", f"{BELOW}/pipelines/{{pipeline}}/jobs"): EVERYBODY,
    ("PUT", f"{BELOW}/pipelines/{{pipeline}}/jobs/{{job_id}}/finish"): EVERYBODY,
}
NOT_YET = {
    ("POST", f"{BELOW}/token-exchange-apps/{{app_id}}/fetch"),  # it has pasted keys
    ("GET", f"{BELOW}/audit_events/{{event_id}}/proof"),  # no seal covers it yet
}
REFUSED_BODY = {  # the schema of these bodies has its own tests
    ("POST", f"{BELOW}/identity-providers"),
    ("POST", f"{BELOW}/pipelines/{{pipeline}}/jobs"),
}
ONE_TOKEN = {(method, f"{BELOW}/tokens/{{token_id}}") for method in ("GET", "DELETE")}  # members see their own only
ACTIONS = {"enable", "disable", "restore", "on", "off", "resend"}
ROUTES = sorted(routes())
pytestmark = pytest.mark.usefixtures("no_limits")


def expected(route: tuple[str, str], role: str) -> int:
    method, address = route
    allowed = EXCEPTIONS.get(route, READERS if method == "GET" else WRITERS)
    if role not in allowed.split():
        return 404 if route in ONE_TOKEN and role == "member" else 403
    if route in REFUSED_BODY:
        return 422
    if route in NOT_YET:
        return 409
    if method == "DELETE":
        return 200 if address.endswith("/tokens") else 204
    return 201 if method == "POST" and address.rsplit("/", 1)[1] not in ACTIONS else 200


def address_of(route: tuple[str, str], names: dict[str, str]) -> str:
    if route[1].endswith("/restore"):
        names = names | {"app_id": names["gone"]}
    query = "?user=staged@acme.test" if route == ("DELETE", f"{BELOW}/tokens") else ""
    return route[1].format(**names) + query


def body_of(route: tuple[str, str]) -> Any:
    return bodies().get((route[0], route[1].removeprefix(BELOW)), {} if route in REFUSED_BODY else None)


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_each_role_may_what_it_may_in_the_portal(
    acme: Organization,
    bearer: Mint,
    send: Call,
    route: tuple[str, str],
    olga: User,
    alice: User,
    carol: User,
    bob: User,
) -> None:
    cast = {"member": bob, "auditor": carol, "admin": alice, "owner": olga}
    tokens = {role: bearer(person) for role, person in cast.items()}
    names = fill(acme)
    allowed = []
    for role, token in tokens.items():
        answer = send(route[0], address_of(route, names), token, body_of(route))
        status = expected(route, role)
        allowed.append(status < 400)
        if status >= 400 or allowed.count(True) == 1 or route[0] == "GET":
            assert answer.status_code == status, (role, answer.content)
        assert answer.status_code < 500, answer.content


@pytest.mark.parametrize("route", [route for route in ROUTES if "{org}" in route[1]], ids=" ".join)
def test_another_organization_is_not_there(
    acme: Organization, globex: Organization, bearer: Mint, send: Call, route: tuple[str, str], olga: User
) -> None:
    token, ours, theirs = bearer(olga), fill(acme), fill(globex)
    names_a_row = address_of(route, theirs) != address_of(route, ours | {"org": "globex"})
    for organization in ("globex", "acme") if names_a_row else ("globex",):
        address = address_of(route, theirs | {"org": organization})
        answer = send(route[0], address, token, body_of(route))
        assert (answer.status_code, answer.json()["message"]) == (404, "Not found"), answer.content


@pytest.mark.parametrize("route", ROUTES, ids=" ".join)
def test_a_missing_scope_is_named(
    acme: Organization, bearer: Mint, send: Call, route: tuple[str, str], olga: User
) -> None:
    token, needed = bearer(olga), routes()[route]
    held = sorted(set(MintedToken.objects.get().scopes) - {needed})
    MintedToken.objects.update(scopes=held)
    answer = send(route[0], address_of(route, fill(acme)), token, body_of(route))
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{needed}"'
    assert answer.json()["token_scopes"] == held


OPEN_TO_WORKLOADS = ("/tokens", "/jobs", "/finish", "/{token_id}")


@pytest.mark.parametrize("route", [route for route in ROUTES if route[0] != "GET"], ids=" ".join)
def test_a_token_of_an_identity_provider_changes_no_trust(
    acme: Organization, bearer: Mint, send: Call, route: tuple[str, str], olga: User
) -> None:
    token = bearer(olga)
    names = fill(acme)
    MintedToken.objects.exclude(pk=names["token_id"]).update(
        identity_provider=IdentityProvider.objects.get(), application=None
    )
    answer = send(route[0], address_of(route, names), token, body_of(route))
    if route[1].endswith(OPEN_TO_WORKLOADS):
        assert answer.status_code != 403, answer.content
    else:
        assert answer.status_code == 403
        assert "minted from an identity provider" in answer.json()["message"]

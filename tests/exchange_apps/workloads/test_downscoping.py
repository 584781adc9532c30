"""A token made smaller: fewer scopes, a shorter life, and the end of its parent is its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from exchange_apps.models import ExchangeApplication, IdentityProvider, MintedToken, Organization
from tests.conftest import Exchange, denials, mints, post_form
from tests.exchange_apps.workloads.conftest import ACCESS_TOKEN, TOKEN_EXCHANGE, Send
from tests.keys import ABSENT

UseToken = Callable[..., Any]


@pytest.fixture
def downscope(client: Client) -> Callable[..., Any]:
    def call(secret: str, extra: dict[str, Any] | None = None, **changes: Any) -> Any:
        form = {"grant_type": TOKEN_EXCHANGE, "subject_token": secret, "subject_token_type": ACCESS_TOKEN} | changes
        form = {name: value for name, value in form.items() if value is not ABSENT}
        return post_form(client, "/oauth/token", form, **(extra or {}))

    return call


@pytest.fixture
def parent(exchange: Exchange) -> str:
    secret: str = exchange(scope="read_builds read_pipelines").json()["access_token"]
    return secret


def test_it_has_fewer_scopes_and_the_same_user(downscope: Any, parent: str, use_token: UseToken) -> None:
    answer = downscope(parent, scope="read_builds").json()
    assert (answer["scope"], answer["token_type"]) == ("read_builds", "Bearer")
    described = use_token(answer["access_token"]).json()
    assert (described["scopes"], described["user"]["email"]) == (["read_builds"], "bob@acme.test")
    assert described["parent"] == use_token(parent).json()["uuid"]
    assert (mints()[-1].data["parent"], mints()[-1].actor_name) == (described["parent"], "deploy-bot")


def test_it_never_has_more(downscope: Any, parent: str) -> None:
    refused = downscope(parent, scope="read_builds write_builds")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    (event,) = denials()
    assert (event.reason, event.actor_name) == ("scope_not_grantable", "deploy-bot")
    assert parent not in str(event.data)


def test_it_never_outlives_its_parent(downscope: Any, parent: str) -> None:
    assert downscope(parent, expires_in="60").json()["expires_in"] == 60
    assert downscope(parent, expires_in="86400").json()["expires_in"] <= 3600
    elder, *children = MintedToken.objects.order_by("id")
    assert all(child.expires_at <= elder.expires_at for child in children)


def test_it_keeps_its_parents_networks(
    downscope: Any, exchange: Exchange, deploy_bot: ExchangeApplication, use_token: UseToken
) -> None:
    ExchangeApplication.objects.update(token_allowed_ips=["10.0.0.0/8"])
    parent = exchange().json()["access_token"]
    refused = downscope(parent)
    assert refused.json()["error_description"].startswith("The subject token is not active")
    child = downscope(parent, {"REMOTE_ADDR": "10.1.1.1"}).json()["access_token"]
    assert use_token(child, REMOTE_ADDR="10.1.1.1").status_code == 200
    assert use_token(child).status_code == 401


def test_it_ends_with_any_of_those_it_was_made_from(downscope: Any, parent: str, use_token: UseToken) -> None:
    child = downscope(parent).json()["access_token"]
    grandchild = downscope(child, scope="read_builds").json()["access_token"]
    assert use_token(grandchild).status_code == 200
    assert use_token(parent, "DELETE").status_code == 204
    assert use_token(child).status_code == use_token(grandchild).status_code == 401
    assert downscope(child).json()["error"] == "invalid_request"


def test_it_does_not_outlive_a_parent_that_is_gone(downscope: Any, parent: str, use_token: UseToken) -> None:
    child = downscope(parent).json()["access_token"]
    MintedToken.objects.filter(parent=None).delete()
    assert use_token(child).status_code == 401


def test_the_end_of_a_child_is_not_its_parents(downscope: Any, parent: str, use_token: UseToken) -> None:
    child = downscope(parent).json()["access_token"]
    assert use_token(child, "DELETE").status_code == 204
    assert use_token(parent).status_code == 200


def test_five_times_is_as_often_as_it_goes(downscope: Any, parent: str, use_token: UseToken) -> None:
    smaller = parent
    for _ in range(5):
        smaller = downscope(smaller).json()["access_token"]
    assert use_token(smaller).status_code == 200
    refused = downscope(smaller)
    assert (refused.json()["error"], denials()[-1].reason) == ("invalid_request", "parent_too_deep")


@pytest.mark.parametrize("secret", ["bktx_" + "a" * 44, "garbage"])
def test_a_token_that_is_none_is_no_parent(downscope: Any, secret: str, db: None) -> None:
    refused = downscope(secret)
    assert refused.status_code == 400
    assert refused.json()["error_description"].startswith("The subject token is not active")
    assert not denials()


def test_an_expired_token_is_no_parent(downscope: Any, parent: str) -> None:
    MintedToken.objects.update(expires_at=timezone.now())
    assert downscope(parent).status_code == 400


def test_it_counts_against_the_organizations_limit(downscope: Any, parent: str, acme: Organization) -> None:
    Organization.objects.update(exchange_rate_limit=1)
    assert downscope(parent).status_code == 429


def test_a_workloads_smaller_token_is_still_a_workloads(downscope: Any, send: Send, use_token: UseToken) -> None:
    child = downscope(send().json()["access_token"], scope="read_builds").json()["access_token"]
    token = MintedToken.objects.get(parent__isnull=False)
    assert (token.is_of_workload, token.principal) == (True, "repo:acme/shop:ref:refs/heads/main")
    IdentityProvider.objects.update(enabled=False)
    assert use_token(child).status_code == 401

"""A job's ID token buys a token of ours, whichever shape it is sent in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from exchange_apps.models import IdentityProvider, MintedToken, Organization, User
from tests.conftest import at_once, denials, mints
from tests.exchange_apps.workloads.conftest import IN_EVERY_SHAPE, POLICY, SHAPES, SaveProvider, Send, Shape
from tests.keys import ABSENT
from tests.oidc_issuer_host import Issuer


def token_in(response: Any, shape: Shape = SHAPES[0]) -> str:
    assert response.status_code == 200, response.content
    return response.content.decode() if shape.name == "buddy" else response.json()["access_token"]


@IN_EVERY_SHAPE
def test_every_shape_buys_the_same_token(
    send: Send, provider: IdentityProvider, use_token: Callable[..., Any], shape: Shape
) -> None:
    response = send(shape=shape)
    secret = token_in(response, shape)
    described = use_token(secret).json()
    assert described["scopes"] == ["read_builds", "read_pipelines"]
    assert (described["user"], described["app"]) == (None, None)
    assert described["identity_provider"] == {"uuid": str(provider.pk), "name": "ci"}
    assert described["workload"] == "repo:acme/shop:ref:refs/heads/main"
    (event,) = mints()
    assert (event.actor_type, event.actor_name, event.on_behalf_of_type) == ("IDENTITY_PROVIDER", "ci", "WORKLOAD")
    assert event.data["statement"] == {"number": 1, "name": "main of shop"}
    assert event.data["identity_provider"]["issuer"] == provider.issuer
    assert response["Cache-Control"] == "no-store"


def test_the_answer_says_what_was_granted(send: Send) -> None:
    body = send().json()
    assert body["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 600, "read_builds read_pipelines")


def test_scopes_and_lifetime_only_narrow(send: Send) -> None:
    body = send(scope="read_builds", expires_in="60").json()
    assert (body["scope"], body["expires_in"]) == ("read_builds", 60)
    assert send(expires_in="7200").json()["expires_in"] == 600
    refused = send(scope="read_builds write_builds")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")
    assert denials()[-1].reason == "scope_not_grantable"


def test_a_statement_may_have_a_lifetime_of_its_own(save_provider: SaveProvider, send: Send) -> None:
    save_provider(IdentityProvider.objects.get(), policy=[POLICY[0] | {"ttl": 90}])
    assert send().json()["expires_in"] == 90


def test_a_statement_may_act_as_a_member(
    save_provider: SaveProvider, send: Send, bob: User, use_token: Callable[..., Any]
) -> None:
    save_provider(IdentityProvider.objects.get(), policy=[POLICY[0] | {"act_as": "Bob@acme.test"}])
    secret = token_in(send())
    assert use_token(secret).json()["user"]["email"] == "bob@acme.test"
    assert (mints()[0].on_behalf_of_name, mints()[0].data["user"]["email"]) == ("bob@acme.test", "bob@acme.test")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert use_token(secret).status_code == 401
    refused = send()
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert denials()[-1].reason == "subject_suspended"


def test_the_first_statement_whose_rules_hold_decides_alone(save_provider: SaveProvider, send: Send) -> None:
    wider = POLICY[0] | {"name": "all of shop", "scopes": ["write_builds"], "claims": {"repository_id": "1001"}}
    save_provider(IdentityProvider.objects.get(), policy=[*POLICY, wider])
    assert send().json()["scope"] == "read_builds read_pipelines"
    assert send(claims={"ref": "refs/heads/other"}).json()["scope"] == "write_builds"
    assert send(scope="write_builds").status_code == 400


def test_without_client_id_the_providers_of_the_issuer_are_asked_in_order_of_creation(
    save_provider: SaveProvider, provider: IdentityProvider, send: Send
) -> None:
    tags = [{"scopes": ["write_builds"], "claims": {"repository_id": "1001", "ref_type": "tag"}}]
    second = save_provider(None, name="tags", policy=tags)
    everything = [{"scopes": ["read_user"], "claims": {"repository_owner_id": "77"}}]
    save_provider(None, name="all", policy=everything)
    assert send().json()["scope"] == "read_builds read_pipelines"
    assert send(claims={"ref_type": "tag", "ref": "refs/tags/v1"}).json()["scope"] == "write_builds"
    assert send(claims={"ref": "refs/heads/x"}).json()["scope"] == "read_user"
    refused = send(claims={"repository_owner_id": "78", "repository_id": "9"})
    assert (refused.json()["error"], denials()[-1].reason) == ("invalid_request", "policy_no_match")
    IdentityProvider.objects.filter(pk=second.pk).update(enabled=False)
    assert send(claims={"ref_type": "tag", "ref": "refs/tags/v1"}).json()["scope"] == "read_user"


def test_a_token_dies_with_its_provider(send: Send, provider: IdentityProvider, use_token: Callable[..., Any]) -> None:
    secret = token_in(send())
    IdentityProvider.objects.update(enabled=False)
    assert use_token(secret).status_code == 401
    IdentityProvider.objects.update(enabled=True)
    assert use_token(secret).status_code == 200
    provider.delete()
    assert use_token(secret).status_code == 401


def test_a_token_may_be_used_from_the_providers_networks_only(
    save_provider: SaveProvider, send: Send, use_token: Callable[..., Any]
) -> None:
    save_provider(IdentityProvider.objects.get(), token_allowed_ips=["10.0.0.0/8"])
    secret = token_in(send())
    assert use_token(secret, REMOTE_ADDR="10.1.2.3").status_code == 200
    assert use_token(secret, REMOTE_ADDR="192.0.2.1").status_code == 401


def test_a_workload_ends_its_token_itself(send: Send, use_token: Callable[..., Any]) -> None:
    secret = token_in(send())
    assert use_token(secret, "DELETE").status_code == 204
    assert use_token(secret).status_code == 401


def test_a_jti_buys_one_token_for_each_provider(
    save_provider: SaveProvider, issuer: Issuer, send: Send, client: Client
) -> None:
    token = issuer.id_token()
    other = save_provider(None, name="another")
    assert send(token).status_code == 200
    assert send(token).status_code == 400
    assert denials()[-1].reason == "token_replayed"
    assert SHAPES[2].send(client, token, str(other.pk)).status_code == 200
    unmarked = issuer.id_token(jti=ABSENT)
    assert send(unmarked).status_code == send(unmarked).status_code == 200


def test_of_many_at_once_one_wins(
    shared_database: str, save_provider: SaveProvider, issuer: Issuer, provider: IdentityProvider
) -> None:
    token = issuer.id_token()
    answers = at_once(8, lambda _: SHAPES[2].send(Client(), token, str(provider.pk)).status_code)
    assert sorted(answers) == [200] + [400] * 7
    assert MintedToken.objects.count() == 1


def test_buddys_answer_is_the_bare_token(send: Send) -> None:
    buddy = SHAPES[-1]
    response = send(shape=buddy)
    assert response["Content-Type"].startswith("text/plain")
    assert response.content.startswith(b"bktx_")
    refused = send(shape=buddy, claims={"ref": "refs/heads/x"})
    assert refused.status_code == 400
    assert "No statement of the trust policy" in refused.json()["errors"][0]["message"]
    for broken in ("[]", "{", '{"provider_id": "x"}', '{"provider_id": 7, "web_identity_token": "x"}'):
        answer = Client().generic("POST", "/user/oidc/tokens", broken, "application/json")
        assert (answer.status_code, list(answer.json())) == (400, ["errors", "request_id"])
    assert Client().get("/user/oidc/tokens").status_code == 405


def test_another_organization_is_no_target(send: Send, globex: Organization) -> None:
    refused = send(shape=SHAPES[1], audience="globex")
    assert (refused.json()["error"], denials()[-1].reason) == ("invalid_target", "audience_invalid")
    assert send(audience="globex").json()["error_description"].startswith("The token is not accepted")

"""The pages of identity providers, as they work without a script, and for whom."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEvent
from exchange_apps.models import IdentityProvider
from tests import factories
from tests.exchange_apps.admin.portal import PROVIDERS, browser, page_of, provider_form
from tests.oidc_issuer_host import Issuer
from tests.world import World

NAMED = """- scopes: [read_builds]
  claims:
    repository: acme/shop
"""


def create(world: World, who: str = "alice", **changes: Any) -> Any:
    return browser(world.person(who)).post(f"{PROVIDERS}add/", provider_form(**changes))


def saved() -> IdentityProvider:
    return IdentityProvider.objects.get(name="deploys")


def test_a_provider_is_made_with_yaml_alone_and_its_comments_stay(world: World) -> None:
    response = create(world)
    provider = saved()
    assert response.status_code == 302
    assert provider.issuer == "https://token.actions.githubusercontent.com"
    assert provider.policy_text.startswith("# why\n- scopes")
    assert provider.policy == [{"scopes": ["read_builds"], "claims": {"repository_id": "1001"}}]
    page = browser(world.alice).get(page_of(provider)).content.decode()
    assert "# why" in page
    assert str(provider.pk) in page
    event = AuditEvent.objects.get(type="IDENTITY_PROVIDER_CREATED")
    assert (event.actor_name, event.subject_name) == ("alice@acme.test", "deploys")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"policy": "- scopes: [read_builds]\n"}, "Statement 1: Without claims it accepts every token"),
        ({"policy": "- scopes: [read_builds]\n  claims: {ref: main}"}, "signs for all its customers"),
        ({"policy": "- scopes: [read_builds\n  claims"}, "The policy is not YAML: line"),
        ({"policy": "- scopes: [read_build]\n  claims: {repository_id: \"1\"}"},
         "Line 1, column 12: There is no scope “read_build”. Did you mean read_builds?"),
        ({"policy": "- scopes: [read_builds]\n  when: 1"}, "Line 2, column 9: A statement has no “when”"),
        ({"policy": NAMED}, "1 warning waits to be acknowledged."),
        ({"preset": "circleci", "issuer": "acme"}, "An issuer of CircleCI is"),
        ({"preset": "generic"}, "Name the issuer"),
        ({"preset": "generic", "issuer": "https://10.0.0.1", "key_source": "issuer"}, "must not be contacted"),
        ({"audiences": " "}, "This field is required."),
        ({"key_source": "keys", "jwks": ""}, "Paste the public keys of the issuer."),
        ({"key_source": "uri", "jwks_uri": ""}, "Give the https address"),
        ({"name": "github-ci"}, "Another identity provider of this organization has this name."),
        ({"token_ttl": "5"}, "greater than or equal to 30"),
        ({"exchange_allowed_ips": "10.0.0.1/8"}, "Line 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(world: World, changes: dict[str, Any], sentence: str) -> None:
    response = create(world, **{"name": "deploys"} | changes)
    assert response.status_code == 200
    page = response.content.decode()
    assert sentence in page.replace("&quot;", '"')
    assert 'value="600"' in page or "token_ttl" in changes
    assert not IdentityProvider.objects.filter(name="deploys").exists()


def test_a_warning_is_acknowledged_by_name(world: World) -> None:
    page = create(world, policy=NAMED).content.decode()
    assert 'name="acknowledge" value="mutable_name:1"' in page
    assert create(world, policy=NAMED, acknowledge="mutable_name:1").status_code == 302
    assert saved().acknowledged == ["mutable_name:1"]


def test_of_circleci_the_organizations_uuid_is_enough(world: World) -> None:
    uuid = "0b0b0b0b-1111-4222-8333-444444444444"
    policy = "- scopes: [read_builds]\n  claims: {oidc.circleci.com/project-id: x}"
    create(world, preset="circleci", issuer=uuid.upper(), policy=policy)
    assert saved().issuer == f"https://oidc.circleci.com/org/{uuid}"


def test_the_rows_lead_where_they_were_edited_last(world: World) -> None:
    rows = {
        "policy_edited": "builder",
        "b-count": "1",
        "b-0-name": "main",
        "b-0-scopes": ["read_builds"],
        "b-0-rows": "2",
        "b-0-0-claim": "repository_id",
        "b-0-0-matcher": "equals",
        "b-0-0-value": "1001\r\n1002",
        "b-0-0-kind": "text",
        "b-0-1-claim": "",
        "b-0-1-value": "forgotten",
    }
    assert create(world, **rows).status_code == 302
    provider = saved()
    assert provider.policy == [
        {"name": "main", "scopes": ["read_builds"], "claims": {"repository_id": {"in": ["1001", "1002"]}}}
    ]
    assert provider.policy_text == ""


def test_a_comment_alone_is_a_change_worth_keeping(world: World) -> None:
    create(world)
    changed = provider_form(policy=provider_form()["policy"].replace("# why", "# because"))
    browser(world.alice).post(page_of(saved()), changed)
    assert saved().policy_text.startswith("# because")


def test_a_private_key_is_neither_kept_nor_shown_again(world: World) -> None:
    page = create(world, jwks='{"keys": [{"kty": "oct", "kid": "x", "k": "c2VjcmV0LXNlY3JldA"}]}').content.decode()
    assert "c2VjcmV0" not in page
    assert not IdentityProvider.objects.filter(name="deploys").exists()


def test_keys_are_fetched_when_saved_and_on_demand(
    world: World, issuer: Issuer, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        create(world, preset="generic", issuer=issuer.url, key_source="issuer", jwks="")
    assert [key.kid for key in saved().keys().keys] == ["issuer-1"]
    response = browser(world.alice).post(page_of(saved(), "fetch"), follow=True)
    assert "was asked less than a minute ago" in response.content.decode()


def test_disabling_enabling_and_enforcing(world: World) -> None:
    client, provider = browser(world.alice), world.github_ci
    client.post(page_of(provider, "off"))
    provider.refresh_from_db()
    assert not provider.enabled
    client.post(page_of(provider, "on"))
    IdentityProvider.objects.filter(pk=provider.pk).update(mode="observe")
    assert "observing" in client.get(PROVIDERS).content.decode()
    client.post(page_of(provider, "enforce"))
    provider.refresh_from_db()
    assert (provider.enabled, provider.mode) == (True, "enforce")
    types = AuditEvent.objects.filter(subject_id=provider.pk).values_list("type", flat=True)
    assert list(types) == ["IDENTITY_PROVIDER_UPDATED"] * 3


def test_only_an_owner_deletes_and_types_the_name(world: World) -> None:
    address = page_of(world.github_ci, "delete")
    assert browser(world.alice).post(address, {"post": "yes", "name": "github-ci"}).status_code == 403
    page = browser(world.olga).post(address, {"post": "yes", "name": "github"}).content.decode()
    assert "That is not the name." in page
    assert browser(world.olga).post(address, {"post": "yes", "name": "github-ci"}).status_code == 302
    assert not IdentityProvider.objects.exists()


def test_an_auditor_reads_everything_and_changes_nothing(world: World) -> None:
    client = browser(world.carol)
    page = client.get(page_of(world.github_ci)).content.decode()
    assert "repository_id" in page
    assert 'name="_save"' not in page
    assert "Disable" not in page
    for action in ("off", "on", "enforce", "fetch", "editor", "ask"):
        assert client.post(page_of(world.github_ci, action)).status_code == 403, action
    for new in ("add", "editor", "ask"):
        assert client.post(f"{PROVIDERS}{new}/", provider_form()).status_code == 403, new
    world.github_ci.refresh_from_db()
    assert world.github_ci.enabled


def test_a_member_sees_none_of_it(world: World) -> None:
    client = browser(world.bob)
    for address in (PROVIDERS, f"{PROVIDERS}add/", page_of(world.github_ci), page_of(world.github_ci, "history")):
        assert client.get(address).status_code == 403
    assert "Identity providers" not in client.get("/o/acme/").content.decode()


def test_the_first_one_is_offered_where_there_is_none(world: World) -> None:
    IdentityProvider.objects.all().delete()
    assert "No identity provider yet" in browser(world.alice).get(PROVIDERS).content.decode()


def test_the_list_asks_as_much_for_many_as_for_one(world: World, django_assert_num_queries: Any) -> None:
    client = browser(world.alice)
    client.get(PROVIDERS)
    with django_assert_num_queries(8) as one:
        client.get(PROVIDERS)
    for number in range(20):
        factories.make_provider(world.acme, f"ci-{number}")
    with django_assert_num_queries(len(one)):
        client.get(PROVIDERS)

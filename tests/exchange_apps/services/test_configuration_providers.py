"""Identity providers in a configuration file: made, kept in step, removed, and each fault told in its place."""

from __future__ import annotations

from typing import Any

import pytest

from audit.models import AuditEvent
from exchange_apps.management.outcome_text import outcome_lines
from exchange_apps.models import IdentityProvider
from tests.configurations import a_provider, acme, apply, document, refusals

pytestmark = pytest.mark.django_db
PLACE = "organizations[0].identity_providers[0]"


def with_provider(**changes: Any) -> dict[str, Any]:
    return document(acme(identity_providers=[a_provider(**changes)]))


def test_it_creates_a_provider_with_the_presets_issuer_and_the_defaults() -> None:
    told = apply(with_provider()).as_json()["organizations"][0]["identity_providers"][0]
    provider = IdentityProvider.objects.get()
    assert (provider.issuer, provider.token_ttl, provider.mode, provider.enabled) == (
        "https://token.actions.githubusercontent.com",
        600,
        "enforce",
        True,
    )
    assert [key.kid for key in provider.keys().keys] == ["issuer-1"]
    assert (told["action"], told["uuid"], told["warnings"]) == ("created", str(provider.pk), [])


def test_every_key_of_the_format_arrives() -> None:
    apply(
        with_provider(
            preset="generic",
            uuid="0199aaaa-0000-7000-8000-000000000001",
            issuer="https://id.example.com",
            jwks=None,
            jwks_uri="https://id.example.com/jwks",
            token_ttl=300,
            mode="observe",
            enabled=False,
            exchange_allowed_ips=["10.0.0.0/8"],
            token_allowed_ips=["192.0.2.1"],
            policy=[
                {"name": "main", "scopes": ["read_builds"], "claims": {"sub": "a"}, "ttl": 60, "act_as": "a@b.test"}
            ],
        )
    )
    provider = IdentityProvider.objects.select_related("key_set").get()
    assert str(provider.pk) == "0199aaaa-0000-7000-8000-000000000001"
    assert (provider.mode, provider.enabled, provider.token_ttl) == ("observe", False, 300)
    assert (provider.exchange_allowed_ips, provider.token_allowed_ips) == (["10.0.0.0/8"], ["192.0.2.1"])
    assert provider.key_set is not None
    assert provider.key_set.uri == "https://id.example.com/jwks"
    assert provider.trust().statements[0].act_as == "a@b.test"


def test_a_second_run_changes_nothing_and_keeps_what_was_written_in_the_portal() -> None:
    apply(with_provider())
    IdentityProvider.objects.update(policy_text="# why\n- scopes: [read_builds]")
    assert not apply(with_provider()).changed
    assert IdentityProvider.objects.get().policy_text.startswith("# why")
    policy = [{"scopes": ["read_pipelines"], "claims": {"repository_id": "1001", "repository_owner_id": "77"}}]
    assert apply(with_provider(policy=policy)).changed
    assert IdentityProvider.objects.get().policy_text == ""


def test_warnings_are_shown_and_recorded_as_seen() -> None:
    outcome = apply(with_provider(policy=[{"scopes": ["read_builds"], "claims": {"repository": "acme/shop"}}]))
    assert any("warning mutable_name:1: repository is a name" in line for line in outcome_lines(outcome))
    told = outcome.as_json()["organizations"][0]["identity_providers"][0]
    assert [warning["name"] for warning in told["warnings"]] == ["mutable_name:1"]
    event = AuditEvent.objects.get(type="IDENTITY_PROVIDER_CREATED")
    assert event.data["changes"]["acknowledged"]["after"] == ["mutable_name:1"]


def test_a_plan_changes_nothing() -> None:
    outcome = apply(with_provider(), plan=True)
    assert outcome.changed
    assert not IdentityProvider.objects.exists()


def test_pruning_removes_what_the_list_does_not_name() -> None:
    apply(with_provider())
    apply(document(acme(prune=True)))
    assert IdentityProvider.objects.exists()  # there is no list to go by
    outcome = apply(document(acme(prune=True, identity_providers=[])))
    assert outcome.counts()["deleted"] == 1
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        ({"preset": "jenkins", "issuer": "https://a.test"}, ".preset", "This must be one of"),
        ({"issuer": "http://a.test", "preset": "generic", "jwks": None}, ".issuer", "Only https:// addresses"),
        ({"preset": "circleci", "issuer": "https://x.test"}, ".issuer", "An issuer of CircleCI"),
        ({"preset": "circleci"}, ".issuer", "Name the issuer"),
        ({"audiences": None}, ".audiences", "Name 1 to 20 audiences"),
        ({"token_ttl": 5}, ".token_ttl", "This must be from 30 to 86400."),
        ({"mode": "watch"}, ".mode", "This must be one of enforce, observe."),
        ({"jwks_uri": "https://a.test/jwks"}, ".jwks", "Give the keys exactly once"),
        ({"jwks": {"keys": []}}, ".jwks", ""),
        ({"jwks": None, "jwks_uri": "http://a.test"}, ".jwks_uri", "Only https:// addresses"),
        ({"exchange_allowed_ips": ["10.0.0.1/8"]}, ".exchange_allowed_ips[0]", ""),
        ({"policy": None}, ".policy", "A policy is a list of one statement or more."),
        ({"policy": [{"claims": {"repository_id": "1"}}]}, ".policy[0].scopes", "This key is required."),
        ({"policy": [{"scopes": ["read_build"], "claims": {"repository_id": "1"}}]}, ".policy[0].scopes[0]",
         "did you mean read_builds?"),
        ({"policy": [{"scopes": ["read_builds"], "claims": {"repository_id": {"is": "1"}}}]},
         ".policy[0].claims.repository_id.is", "There is no matcher"),
        ({"policy": [{"scopes": ["read_builds"], "claims": {"ref": "refs/heads/main"}}]}, ".policy[0]",
         "GitHub Actions signs for all its customers"),
        ({"policy": [{"scopes": ["read_builds"]}]}, ".policy[0]", "Without claims it accepts every token"),
    ],
)  # fmt: skip
def test_each_fault_is_told_in_its_place(changes: dict[str, Any], place: str, sentence: str) -> None:
    found = refusals(with_provider(**changes))
    assert list(found) == [f"{PLACE}{place}"]
    assert sentence in found[f"{PLACE}{place}"]
    assert not IdentityProvider.objects.exists()


def test_a_name_stands_only_once() -> None:
    found = refusals(document(acme(identity_providers=[a_provider(), a_provider()])))
    assert found == {"organizations[0].identity_providers[1].name": f"github stands at {PLACE} already."}

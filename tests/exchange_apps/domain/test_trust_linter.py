"""The trust linter: what it refuses, what it warns of, and what it leaves alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.identity_presets import PROFILES, Preset
from exchange_apps.domain.trust_linter import SEVERITIES, Severity, Trust, lint
from exchange_apps.domain.trust_policy import read_policy
from tests.exchange_apps.domain.test_trust_policy import claim_sets, statements

GITHUB = Preset.GITHUB_ACTIONS
SHOP = {"repository_owner_id": "77", "repository_id": "1001"}


def found(*claims: dict[str, Any] | None, preset: Preset = GITHUB, issuer: str = "", **changes: Any) -> list[str]:
    """The names of the findings for a policy with one statement for each set of claims."""
    document = [{"scopes": ["read_builds"]} | ({} if one is None else {"claims": one}) for one in claims]
    document[0] |= changes.pop("statement", {})
    trust = Trust(
        preset=preset,
        issuer=issuer or PROFILES[preset].issuer or "https://id.example.com",
        audiences=changes.pop("audiences", ["counterfoil"]),
        token_ttl=changes.pop("token_ttl", 600),
        policy=read_policy(document),
    )
    return [finding.name for finding in lint(trust)]


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        (SHOP, []),
        ({"repository_id": "1001"}, []),
        ({"repository_owner_id": "77", "environment": "production"}, []),
        # the tenant has to be named, and without a wildcard
        ({"ref": "refs/heads/main"}, ["no_tenant:1"]),
        ({"actor": "dana"}, ["no_tenant:1"]),
        ({"repository_owner": {"not_equals": "evil"}}, ["no_tenant:1", "mutable_name:1"]),
        ({"repository_owner_id": {"not_in": ["1"]}, "environment": "x"}, ["no_tenant:1"]),
        ({"repository_owner": {"matches": "acme*"}, "environment": "x"}, ["no_tenant:1", "mutable_name:1"]),
        ({"repository": {"matches": ["acme/shop", "*/shop"]}}, ["no_tenant:1", "mutable_name:1"]),
        ({"repository": {"matches": "**"}}, ["no_tenant:1", "mutable_name:1"]),
        ({"sub": {"matches": "repo:*/shop:**"}}, ["no_tenant:1", "old_subject_form:1"]),
        ({"sub": {"matches": "**"}}, ["no_tenant:1"]),
        # names and whole accounts
        ({"repository": "acme/shop"}, ["mutable_name:1"]),
        ({"repository": "acme/shop", "repository_id": "1001"}, []),
        ({"repository_owner_id": "77"}, ["whole_tenant:1"]),
        ({"repository": {"matches": "acme/*"}, "repository_owner_id": "77"}, ["mutable_name:1", "whole_tenant:1"]),
        ({"sub": {"matches": "repo:acme/**"}} | SHOP, ["old_subject_form:1"]),
        # both forms of GitHub's subject
        ({"sub": "repo:acme/shop:environment:prod"}, ["mutable_name:1", "old_subject_form:1"]),
        ({"sub": "repo:acme@77/shop@1001:environment:prod"}, []),
        ({"sub": {"in": ["repo:acme/shop:ref:a", "repo:acme@77/shop@1001:ref:a"]}}, ["mutable_name:1"]),
        # rules that can never hold
        (SHOP | {"ref": {"equals": "a", "not_equals": "a"}}, ["never_holds:1"]),
        (SHOP | {"ref": {"in": ["a", "b"], "matches": "c*"}}, ["never_holds:1"]),
        (SHOP | {"ref": {"in": ["a", "b"], "not_in": ["b"]}}, []),
        (SHOP | {"iss": "https://gitlab.com"}, ["never_holds:1"]),
        (SHOP | {"aud": {"equals": "a", "in": ["b"]}}, []),
        (None, ["no_claims:1"]),
        ({}, ["no_claims:1"]),
    ],
)
def test_github(claims: dict[str, Any] | None, names: list[str]) -> None:
    assert found(claims) == names


@pytest.mark.parametrize(
    ("preset", "claims", "names"),
    [
        (Preset.GITLAB, {"ref": "main"}, ["no_tenant:1"]),
        (Preset.GITLAB, {"project_id": "20"}, []),
        (Preset.GITLAB, {"project_path": "acme/shop"}, ["mutable_name:1"]),
        (Preset.GITLAB, {"namespace_id": "72"}, ["whole_tenant:1"]),
        (Preset.GITLAB, {"sub": {"matches": "project_path:acme/shop:**"}}, ["mutable_name:1"]),
        (Preset.BUILDKITE, {"pipeline_slug": "shop"}, ["no_tenant:1", "mutable_name:1"]),
        (Preset.BUILDKITE, {"organization_id": "o", "pipeline_id": "p"}, []),
        (Preset.BUILDKITE, {"organization_slug": "acme", "pipeline_id": "p"}, ["mutable_name:1"]),
        (Preset.CIRCLECI, {"oidc.circleci.com/project-id": "p"}, []),
        (Preset.COUNTERFOIL, {"pipeline_id": "p"}, ["any_organization:1"]),
        (Preset.COUNTERFOIL, {"organization_id": "o", "pipeline_id": "p"}, []),
        (Preset.GENERIC, {"sub": "a"}, []),
    ],
)
def test_other_presets(preset: Preset, claims: dict[str, Any], names: list[str]) -> None:
    assert found(claims, preset=preset) == names


def test_a_shared_issuer_is_known_under_any_preset() -> None:
    assert found({"sub": "a"}, preset=Preset.GENERIC, issuer="https://gitlab.com") == ["no_tenant:1"]


def test_an_instance_of_ones_own_is_not_shared() -> None:
    assert found({"ref": "main"}, preset=Preset.GITLAB, issuer="https://gitlab.acme.test") == []


@pytest.mark.parametrize(
    ("first", "second", "unreachable"),
    [
        (SHOP, SHOP, True),
        (SHOP, SHOP | {"ref": "refs/heads/main"}, True),
        (SHOP | {"ref": "refs/heads/main"}, SHOP, False),
        (SHOP | {"ref": {"matches": "refs/**"}}, SHOP | {"ref": {"matches": "refs/heads/*"}}, True),
        (SHOP | {"ref": {"matches": "refs/*"}}, SHOP | {"ref": {"matches": "refs/heads/*"}}, False),
        (SHOP | {"ref": {"matches": "refs/heads/*"}}, SHOP | {"ref": "refs/heads/main"}, True),
        (SHOP | {"ref": {"in": ["a", "b"]}}, SHOP | {"ref": "b"}, True),
        (SHOP | {"ref": {"in": ["a", "b"]}}, SHOP | {"ref": {"in": ["b", "c"]}}, False),
        (SHOP | {"ref": {"not_equals": "a"}}, SHOP | {"ref": {"not_in": ["a", "b"]}}, True),
        (SHOP | {"ref": {"not_equals": "a"}}, SHOP | {"ref": "b"}, False),
    ],
)
def test_a_statement_behind_a_wider_one_is_unreachable(first: Any, second: Any, unreachable: bool) -> None:
    assert ("unreachable:2" in found(first, second)) is unreachable


def test_a_statement_for_another_issuer_never_holds() -> None:
    assert found(SHOP, statement={"iss": "https://gitlab.com"}) == ["never_holds:1"]


def test_a_default_audience_and_long_lifetimes_are_named() -> None:
    names = found(SHOP, audiences=["counterfoil", "https://github.com/acme"], token_ttl=7200, statement={"ttl": 4000})
    assert names == ["default_audience:2", "long_ttl", "long_ttl:1"]


def test_only_trust_that_is_wrong_is_an_error() -> None:
    errors = {rule.value for rule, severity in SEVERITIES.items() if severity is Severity.ERROR}
    assert errors == {"no_claims", "no_tenant", "unreachable", "never_holds"}


patterns = st.text("a:/*", min_size=1, max_size=5)
globbed = st.fixed_dictionaries(
    {
        "scopes": st.just(["s"]),
        "claims": st.dictionaries(
            st.sampled_from("xy"), st.fixed_dictionaries({"matches": patterns}), min_size=1, max_size=2
        ),
    }
)
texts = st.dictionaries(st.sampled_from("xy"), st.text("a:/", max_size=5), min_size=1, max_size=2)


@given(st.tuples(statements, statements) | st.tuples(globbed, globbed), st.lists(claim_sets | texts, max_size=8))
def test_what_is_called_unreachable_is_never_reached(pair: tuple[Any, Any], tokens: list[dict[str, Any]]) -> None:
    policy = read_policy(list(pair))
    findings = lint(Trust(Preset.GENERIC, "https://id.example.com", [], 600, policy))
    if any(finding.name == "unreachable:2" for finding in findings):
        for claims in tokens:
            decided = policy.first_match(claims, issuer="https://id.example.com")
            assert decided is None or decided is policy.statements[0]


@given(statements, claim_sets)
def test_what_is_said_never_to_hold_never_holds(statement: Any, claims: dict[str, Any]) -> None:
    policy = read_policy([statement])
    names = [f.name for f in lint(Trust(Preset.GENERIC, "https://id.example.com", [], 600, policy))]
    if "never_holds:1" in names:
        assert policy.first_match(claims, issuer="https://id.example.com") is None

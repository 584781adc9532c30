"""Which jobs each target would let in under the generated trust, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from oidc_issuer.federation import TARGETS, RefKind, Target, Trust
from oidc_issuer.federation.aws import trust_policy
from tests.oidc_issuer.federation.stage import ALL, NOW, OTHER, SHOP, claims_for, failed, trust_for
from tests.oidc_issuer.test_claims import CLUSTERED, JOB

SEES_CLAIMS = [target for target in ALL if target.key not in ("aws", "azure")]
by_target = pytest.mark.parametrize("target", ALL, ids=lambda target: target.key)


def names(target: Target, trust: Trust, **changes: Any) -> list[str]:
    return [row.name for row in failed(target, trust, claims_for(target, trust, **changes))]


@by_target
def test_the_job_that_is_meant_gets_in(target: Target) -> None:
    assert names(target, trust_for(target)) == []


@pytest.mark.parametrize("target", [target for target in ALL if target.key != "azure"], ids=lambda target: target.key)
@pytest.mark.parametrize("subject_claim", ["", "pipeline_id", "organization_id"])
@pytest.mark.parametrize(
    "changes",
    [
        {"build_branch": "evil"},
        {"build_branch": "mainly"},
        {"build_branch": "Main"},
        {"build_tag": "v1"},  # of a build whose branch is main
        {"pipeline_id": OTHER.id, "pipeline_slug": "other"},
        {"step_key": "test"},
        {"step_key": None},
    ],
)
def test_other_jobs_do_not(target: Target, subject_claim: str, changes: dict[str, Any]) -> None:
    trust = trust_for(target, subject_claim=subject_claim, step_key="deploy")
    is_blind = target.key == "vault" and bool(subject_claim) and "build_tag" in changes  # and the assistant says so
    assert names(target, trust) == []
    assert (names(target, trust, **changes) == []) is is_blind


@by_target
def test_several_pipelines_are_alternatives(target: Target) -> None:
    trust = trust_for(target, pipelines=(OTHER, SHOP))
    assert names(target, trust) == []
    assert names(target, trust, pipeline_id="0199aaaa-0000-7000-8000-0000000000ee") != []


@pytest.mark.parametrize(
    ("ref", "branch", "gets_in"),
    [
        ("release/*", "release/1/2", True),
        ("release/*", "release", False),
        ("*-stable", "a/b-stable", True),
        ("*-stable", "a-stable2", False),
        ("r*/v*", "rel/v1", True),
        ("", "anything", True),
    ],
)
@pytest.mark.parametrize("target", [target for target in ALL if target.key != "azure"], ids=lambda target: target.key)
def test_a_star_is_any_text(target: Target, ref: str, branch: str, gets_in: bool) -> None:
    for subject_claim in ("", "pipeline_id"):
        trust = trust_for(target, subject_claim=subject_claim, ref=ref)
        assert (names(target, trust, build_branch=branch) == []) is gets_in


@pytest.mark.parametrize("target", [target for target in ALL if target.key != "azure"], ids=lambda target: target.key)
def test_tags_are_asked_for_as_tags(target: Target) -> None:
    for ref in ("v*", ""):
        for subject_claim in ("", "pipeline_id"):
            trust = trust_for(target, subject_claim=subject_claim, ref_kind=RefKind.TAG, ref=ref)
            assert names(target, trust, build_tag="v1") == []
            assert names(target, trust, build_tag=None, build_branch="v1") != []


@pytest.mark.parametrize("claim", ["cluster_id", "queue_id", "agent_id", "build_id", "job_id"])
@by_target
def test_other_subject_claims_are_compared_with_what_was_chosen(target: Target, claim: str) -> None:
    right, wrong = getattr(CLUSTERED, claim), OTHER.id
    trust = trust_for(target, subject_claim=claim, subject_values=(right,))
    assert names(target, trust) == []
    claims = claims_for(target, trust)
    assert failed(target, trust.but(subject_values=(wrong,)), claims) != []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"iss": "https://tokens.example.com/"}, "Issuer (iss)"),
        ({"aud": "other"}, "Audience (aud)"),
        ({"aud": ["a", "b"]}, "Audience (aud)"),
        ({"exp": NOW - 301}, "Not expired (exp)"),
        ({"exp": "soon"}, "Not expired (exp)"),
        ({"nbf": NOW + 301}, "Valid already (nbf)"),
        ({"nbf": None}, "Valid already (nbf)"),
    ],
)
@by_target
def test_what_every_relying_party_checks(target: Target, changes: dict[str, Any], name: str) -> None:
    trust = trust_for(target)
    assert [row.name for row in failed(target, trust, claims_for(target, trust) | changes)] == [name]


@by_target
def test_an_algorithm_or_a_missing_key_id_refuses(target: Target) -> None:
    trust = trust_for(target)
    claims = claims_for(target, trust)
    assert [row.name for row in failed(target, trust, claims, {"alg": "HS256", "kid": "k"})] == ["Algorithm (alg)"]
    assert [row.name for row in failed(target, trust, claims, {"alg": "RS256"})] == ["Key named (kid)"]
    takes_es256 = failed(target, trust, claims, {"alg": "ES256", "kid": "k"}) == []
    assert takes_es256 is (target.key != "azure")


@pytest.mark.parametrize("target", SEES_CLAIMS, ids=lambda target: target.key)
def test_a_claim_that_was_not_asked_for_is_told_as_absent(target: Target) -> None:
    trust = trust_for(target)
    claims = claims_for(target, trust)
    del claims["organization_id"]
    (row,) = failed(target, trust, claims)
    assert (row.name, row.seen) == ("organization_id", "(absent)")


def test_google_refuses_a_subject_of_more_than_127_bytes() -> None:
    google = TARGETS["google"]
    trust = trust_for(google, subject_claim="", ref="")
    long = {"build_branch": "f" * 60, "build_commit": "0" * 40}
    (row,) = failed(google, trust, claims_for(google, trust, **long))
    assert (row.name, row.expected) == ("google.subject", "at most 127 bytes")


def test_azure_never_takes_the_composite_subject() -> None:
    azure = TARGETS["azure"]
    assert names(azure, trust_for(azure, subject_claim="")) == ["sub"]


def test_aws_refuses_tags_with_characters_it_does_not_know() -> None:
    aws = TARGETS["aws"]
    trust = trust_for(aws, ref="")
    trust = trust.but(session_tags=("build_branch",))
    (row,) = failed(aws, trust, claims_for(aws, trust, build_branch="fix#1"))
    assert row.name == "https://aws.amazon.com/tags build_branch"


def test_aws_uses_string_like_for_patterns_alone_and_string_equals_for_the_rest() -> None:
    aws = TARGETS["aws"]
    composite = trust_policy(trust_for(aws, subject_claim=""))["Statement"][0]
    assert composite["Condition"] == {
        "StringEquals": {"tokens.example.com:aud": "sts.amazonaws.com"},
        "StringLike": {"tokens.example.com:sub": "organization:acme:pipeline:shop:ref:refs/heads/main:commit:*:step:*"},
    }
    assert composite["Action"] == "sts:AssumeRoleWithWebIdentity"
    by_id = trust_policy(trust_for(aws, session_tags=("step_key",)))["Statement"][0]
    assert by_id["Condition"] == {
        "StringEquals": {
            "tokens.example.com:aud": "sts.amazonaws.com",
            "tokens.example.com:sub": JOB.pipeline_id,
            "aws:RequestTag/build_branch": "main",
            "aws:RequestTag/build_tag": "",
        }
    }
    assert by_id["Action"] == ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
    assert aws.request(trust_for(aws, session_tags=("step_key",))).aws_session_tags == (
        "build_branch",
        "build_tag",
        "step_key",
    )

"""What ID tokens say, as tables: the forms that CI users' cloud policies are written against."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from oidc_issuer.claims import (
    DEFAULT_CLAIMS,
    OPTIONAL_CLAIMS,
    SUBJECT_CLAIMS,
    ClaimWithoutValue,
    JobFacts,
    UnknownClaim,
    aws_session_tags,
    claim_value,
    composite_subject,
    default_claims,
)

JOB = JobFacts(
    organization_id="0199aaaa-0000-7000-8000-000000000010",
    organization_slug="acme",
    pipeline_id="0199aaaa-0000-7000-8000-000000000011",
    pipeline_slug="shop",
    build_id="0199aaaa-0000-7000-8000-000000000012",
    build_number=42,
    build_branch="main",
    build_tag=None,
    build_commit="5d1c0b",
    build_source="webhook",
    step_key="deploy",
    job_id="0199aaaa-0000-4000-8000-000000000001",
    agent_id="0199aaaa-0000-4000-8000-000000000002",
    runner_environment="self-hosted",
)
CLUSTERED = replace(
    JOB,
    cluster_id="0199aaaa-0000-7000-8000-000000000013",
    cluster_name="default",
    queue_id="0199aaaa-0000-7000-8000-000000000014",
    queue_key="runners",
    agent_tags={"queue": "runners", "os": ""},
)


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({}, "organization:acme:pipeline:shop:ref:refs/heads/main:commit:5d1c0b:step:deploy"),
        (
            {"build_tag": "v1.2"},
            "organization:acme:pipeline:shop:ref:refs/tags/v1.2:commit:5d1c0b:step:deploy",
        ),
        ({"step_key": None}, "organization:acme:pipeline:shop:ref:refs/heads/main:commit:5d1c0b:step:"),
        (
            {"build_branch": "feature/über"},
            "organization:acme:pipeline:shop:ref:refs/heads/feature/über:commit:5d1c0b:step:deploy",
        ),
    ],
)
def test_the_composite_subject(changes: dict[str, Any], subject: str) -> None:
    assert composite_subject(replace(JOB, **changes)) == subject


def test_every_token_has_the_default_claims_and_null_where_there_is_nothing() -> None:
    assert default_claims(replace(JOB, step_key=None)) == {
        "organization_slug": "acme",
        "pipeline_slug": "shop",
        "build_number": 42,
        "build_branch": "main",
        "build_tag": None,
        "build_commit": "5d1c0b",
        "step_key": None,
        "job_id": "0199aaaa-0000-4000-8000-000000000001",
        "agent_id": "0199aaaa-0000-4000-8000-000000000002",
        "build_source": "webhook",
        "runner_environment": "self-hosted",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("organization_id", JOB.organization_id),
        ("pipeline_id", JOB.pipeline_id),
        ("build_id", JOB.build_id),
        ("cluster_id", CLUSTERED.cluster_id),
        ("cluster_name", "default"),
        ("queue_id", CLUSTERED.queue_id),
        ("queue_key", "runners"),
        ("agent_tag:queue", "runners"),
        ("agent_tag:os", ""),
        ("build_number", 42),
    ],
)
def test_a_claim_that_is_asked_for(name: str, value: object) -> None:
    assert claim_value(CLUSTERED, name) == value


@pytest.mark.parametrize("name", ["cluster_id", "cluster_name", "queue_id", "queue_key", "agent_tag:queue"])
def test_a_job_without_cluster_or_tag_has_no_such_value(name: str) -> None:
    with pytest.raises(ClaimWithoutValue):
        claim_value(JOB, name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " pipeline_id",
        "pipeline_id ",
        "Pipeline_id",
        "sub",
        "iss",
        "agent_tags",
        "agent_tag:",
        "agent_tag:a b",
        "ref",
    ],
)
def test_names_that_do_not_exist_and_stray_spaces_are_refused(name: str) -> None:
    with pytest.raises(UnknownClaim):
        claim_value(CLUSTERED, name)


def test_session_tags_are_texts_in_lists_of_one() -> None:
    names = ["organization_slug", "organization_id", "build_number", "step_key", "agent_tag:queue"]
    assert aws_session_tags(replace(CLUSTERED, step_key=None), names) == {
        "principal_tags": {
            "organization_slug": ["acme"],
            "organization_id": [JOB.organization_id],
            "build_number": ["42"],
            "step_key": [""],
            "agent_tag:queue": ["runners"],
        }
    }


def test_the_seven_subject_claims_are_immutable_identifiers() -> None:
    assert len(SUBJECT_CLAIMS) == 7
    assert all(name.endswith("_id") for name in SUBJECT_CLAIMS)
    assert set(SUBJECT_CLAIMS) <= {*DEFAULT_CLAIMS, *OPTIONAL_CLAIMS}

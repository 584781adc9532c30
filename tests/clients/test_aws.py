"""boto3 trades an ID token, session tags and all, for AWS credentials; STS is moto's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import jwt
import pytest
from django.test import Client
from moto import mock_aws

from tests.oidc_issuer.conftest import building, scheduler, start_job  # noqa: F401 - fixtures
from tests.oidc_issuer.stage import ask

ROLE = "arn:aws:iam::123456789012:role/deploy"


@pytest.fixture(autouse=True)
def _no_credentials_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")


@mock_aws
def test_a_job_assumes_a_role_with_its_token(client: Client, start_job: Callable[..., dict[str, Any]]) -> None:  # noqa: F811
    job = start_job()
    tags = ["organization_slug", "pipeline_id", "build_number", "agent_tag:queue"]
    token = ask(client, job, audience="sts.amazonaws.com", aws_session_tags=tags).json()["token"]
    assert 4 <= len(token) <= 20_000
    answer = boto3.client("sts", region_name="us-east-1").assume_role_with_web_identity(
        RoleArn=ROLE, RoleSessionName=f"buildkite-job-{job['id']}", WebIdentityToken=token
    )
    assert answer["AssumedRoleUser"]["Arn"].endswith(f"deploy/buildkite-job-{job['id']}")
    told = jwt.decode(token, options={"verify_signature": False})["https://aws.amazon.com/tags"]
    assert set(told) == {"principal_tags"}
    for name, values in told["principal_tags"].items():
        assert len(name) <= 128
        assert [type(value) for value in values] == [str]

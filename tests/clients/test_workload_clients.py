"""Callers nobody here wrote, with the ID token of a job: google-auth, and the shell scripts of docs/clients.md."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from google.auth import identity_pool
from google.auth.transport.requests import Request
from google.oauth2 import sts
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from exchange_apps.models import IdentityProvider, MintedToken
from tests import factories
from tests.keys import jwks
from tests.oidc_issuer_host import Issuer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="not installed: curl")


@dataclass(frozen=True)
class Job:
    """What a CI job knows."""

    url: str
    provider: str
    id_token: str


@pytest.fixture
def job(transactional_db: None, live_server: LiveServer, settings: Settings) -> Job:
    settings.PUBLIC_URL = live_server.url
    issuer = Issuer(cast(Any, None), "https://ci.internal")
    provider = IdentityProvider.objects.create(
        organization=factories.make_organization("acme"),
        name="ci",
        preset="generic",
        issuer=issuer.url,
        jwks=jwks("issuer-1"),
        audiences=["counterfoil"],
        policy=[{"scopes": ["read_builds", "read_pipelines"], "claims": {"repository_id": "1001"}}],
    )
    return Job(live_server.url, str(provider.pk), issuer.id_token())


def run(script: str, job: Job) -> subprocess.CompletedProcess[str]:
    found = re.search(rf"<!-- runs: {script} -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    variables = {"URL": job.url, "PROVIDER": job.provider, "ID_TOKEN": job.id_token, "ORGANIZATION": "acme"}
    return subprocess.run(
        ["sh", "-eu", "-c", found[1]],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"} | variables,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@needs_curl
def test_the_shell_script_of_the_page_swaps_a_jobs_token(job: Job) -> None:
    done = run("workload", job)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["scope"] == "read_builds read_pipelines"
    again = run("workload", job)
    assert (again.returncode, json.loads(again.stdout)["error"]) == (22, "invalid_request")


@needs_curl
def test_the_script_for_buddys_shape_prints_the_bare_token(job: Job) -> None:
    done = run("buddy", job)
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("bktx_")
    assert "errors" in json.loads(run("buddy", job).stdout)


def test_googles_sts_client_swaps_a_jobs_token(job: Job) -> None:
    answer = sts.Client(f"{job.url}/oauth/token").exchange_token(
        Request(),
        "urn:ietf:params:oauth:grant-type:token-exchange",
        job.id_token,
        ID_TOKEN,
        audience="acme",
        scopes=["read_builds"],
        requested_token_type="urn:ietf:params:oauth:token-type:access_token",
    )
    assert answer["scope"] == "read_builds"
    assert MintedToken.objects.get().principal == "repo:acme/shop:ref:refs/heads/main"


def test_googles_workload_credentials_refresh_from_a_file(job: Job, tmp_path: Path) -> None:
    file = tmp_path / "id_token.jwt"
    file.write_text(job.id_token)
    credentials = identity_pool.Credentials(
        audience="acme",
        subject_token_type=ID_TOKEN,
        token_url=f"{job.url}/oauth/token",
        credential_source={"file": str(file)},
        scopes=["read_builds"],
    )
    credentials.refresh(Request())
    assert str(credentials.token).startswith("bktx_")

"""What `buildkite-agent oidc request-token` sends, byte for byte, to the product's own server; with its retries."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from datetime import timedelta
from urllib.parse import urlsplit

import jwt
import pytest
from django.utils import timezone

from audit.models import AuditEvent
from oidc_issuer.job_request import parse_started_job
from oidc_issuer.models import Job, SigningKey
from oidc_issuer.services.jobs import start_job
from oidc_issuer.services.signing_keys import revoke_signing_key, tend_signing_keys
from tests import factories
from tests.conftest import running_server
from tests.oidc_issuer.conftest import author_at
from tests.oidc_issuer.stage import bearer_of, make_building, started
from tests.ports import free_port

pytestmark = pytest.mark.servers
ATTEMPTS = 5


@pytest.fixture
def job(shared_database: str) -> tuple[Job, str]:
    acme = factories.make_organization("acme")
    bearer = bearer_of(factories.make_application(acme), factories.make_member(acme, "bob@acme.test"))
    pipeline = make_building(acme).pipeline
    found, token = start_job(
        parse_started_job(started()),
        pipeline,
        bearer=bearer,
        origin=author_at(timezone.now()).origin,
        now=timezone.now(),
    )
    return found, token.secret


def request_bytes(host: str, job: Job, token: str, body: bytes) -> bytes:
    """As Go's HTTP client writes the agent's request."""
    lines = [
        f"POST /v3/jobs/{job.pk}/oidc/tokens HTTP/1.1",
        f"Host: {host}",
        "User-Agent: buildkite-agent/3.122.0.1 (linux; amd64)",
        f"Content-Length: {len(body)}",
        f"Authorization: Token {token}",
        "Buildkite-Timeout-Milliseconds: 60000",
        "Content-Type: application/json",
        "Accept-Encoding: gzip",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(address: str, request: bytes) -> tuple[int, dict[str, str]]:
    parts = urlsplit(address)
    with closing(socket.create_connection((str(parts.hostname), parts.port or 0), 30)) as connection:
        connection.sendall(request)
        with connection.makefile("rb") as answer:
            status = int(answer.readline().split()[1])
            headers = dict(line.decode().lower().rstrip().split(": ", 1) for line in iter(answer.readline, b"\r\n"))
            return status, json.loads(answer.read(int(headers["content-length"])))


def test_a_bare_call_and_one_with_every_flag_get_their_tokens(shared_database: str, job: tuple[Job, str]) -> None:
    port = free_port()
    public = f"http://localhost:{port}"
    flags = {
        "audience": "sts.amazonaws.com",
        "lifetime": 600,
        "claims": ["organization_id", "agent_tag:queue"],
        "aws_session_tags": ["organization_slug", "build_number"],
        "subject_claim": "pipeline_id",
    }
    with running_server(shared_database, workers=1, port=port, PUBLIC_URL=public) as address:
        for body in (b"{}\n", json.dumps(flags, separators=(",", ":")).encode() + b"\n"):
            status, answer = send(address, request_bytes(f"localhost:{port}", *job, body))
            assert (status, set(answer)) == (200, {"token"})
            claims = jwt.decode(answer["token"], options={"verify_signature": False})
            assert (claims["iss"], claims["job_id"]) == (public, str(job[0].pk))
        assert (claims["sub"], claims["agent_tag:queue"]) == (str(job[0].pipeline_id), "runners")
        status, answer = send(address, request_bytes(f"localhost:{port}", job[0], "bkaj_wrong", b"{}\n"))
        assert (status, answer["message"]) == (401, "The job token is not valid")


def test_the_agents_retries_end_with_a_token_once_there_is_a_key_again(
    shared_database: str, job: tuple[Job, str]
) -> None:
    now = timezone.now()
    tend_signing_keys(author=author_at(now - timedelta(hours=2)))
    for _ in range(2):
        active = SigningKey.objects.get(algorithm="RS256", state="active")
        revoke_signing_key(active, author=author_at(now))
    with running_server(shared_database, workers=1) as address:
        request = request_bytes("localhost", *job, b"{}\n")
        statuses = []
        for attempt in range(ATTEMPTS):
            status, _ = send(address, request)
            statuses.append(status)
            if status < 500 and status != 429:
                break
            if attempt == 1:  # an hour later
                SigningKey.objects.filter(algorithm="RS256", state="next").update(usable_from=now)
    assert statuses == [503, 503, 200]
    assert list(
        AuditEvent.objects.filter(type__startswith="ID_TOKEN_").order_by("id").values_list("type", flat=True)
    ) == [
        "ID_TOKEN_DENIED",
        "ID_TOKEN_DENIED",
        "ID_TOKEN_ISSUED",
    ]

"""A real https receiver on loopback, and webhooks that point at it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from audit.actions import AuditAction
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import SYSTEM, Party, PartyType
from audit.proof.sealing import seal_events
from audit.recorder import record_event
from exchange_apps.models import Organization, WebhookEndpoint
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.webhooks.endpoints import create_webhook
from tests.certificate_authority import CertificateAuthority
from tests.jwks_host import LOOPBACK, JWKSHost, ReceivedRequest, running_jwks_host, status_answer

ADDRESS = "127.0.0.1"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority.create(tmp_path_factory.mktemp("webhook-authority"))


@pytest.fixture
def receiver(authority: CertificateAuthority, settings: Any) -> Iterator[JWKSHost]:
    """An https host at 127.0.0.1 that accepts everything."""
    settings.OUTBOUND_ALLOWED_NETWORKS = LOOPBACK
    settings.OUTBOUND_CA_BUNDLE = str(authority.bundle)
    with running_jwks_host(authority.server_context(ADDRESS), answer=status_answer(204)) as running:
        yield running


@dataclass(frozen=True)
class Hook:
    endpoint: WebhookEndpoint
    secret: str


MakeHook = Callable[..., Hook]


@pytest.fixture
def make_hook(acme: Organization, receiver: JWKSHost) -> MakeHook:
    def make(name: str = "siem", **fields: Any) -> Hook:
        fields = {"organization": acme, "url": receiver.url("/hook", host=ADDRESS)} | fields
        endpoint = WebhookEndpoint(name=name, **fields)
        return Hook(endpoint, create_webhook(endpoint, author=author()))

    return make


@pytest.fixture
def hook(make_hook: MakeHook) -> Hook:
    """A webhook whose own creation is delivered already: what follows comes first."""
    made = make_hook()
    happen(made.endpoint.organization, 0)
    made.endpoint.progress.refresh_from_db()
    end = AuditEvent.objects.filter(organization_id=made.endpoint.organization_id).count()
    type(made.endpoint.progress).objects.filter(pk=made.endpoint.pk).update(delivered_sequence=end)
    return made


def author() -> Author:
    return Author(Party(PartyType.USER, None, "olga@acme.test"), RequestOrigin(None, "", ""), timezone.now())


def happen(organization: Organization, count: int = 1, action: AuditAction = AuditAction.ORGANIZATION_UPDATED) -> None:
    """So many events, sealed."""
    for number in range(count):
        record_event(
            action,
            occurred_at=timezone.now(),
            organization=organization.ref(),
            actor=SYSTEM,
            origin=RequestOrigin.command("test"),
            data={"number": number},
        )
    seal_events(now=timezone.now())


def bodies(host: JWKSHost) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in host.requests]


def numbers(host: JWKSHost) -> list[int]:
    return [body["data"]["number"] for body in bodies(host)]


def headers_of(request: ReceivedRequest) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name.startswith("webhook-")}

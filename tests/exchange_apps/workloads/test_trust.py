"""A token bought with somebody else's OIDC token changes no trust, anywhere; it reads what its scopes let it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from exchange_apps.api.views import OrganizationView
from exchange_apps.models import IdentityProvider, Scope, User
from tests.exchange_apps.workloads.conftest import POLICY, SaveProvider, Send

WRITING = ("post", "put", "patch", "delete")
# Where workloads may write: jobs are work and trust nobody, and ending a token takes trust away
OPEN = {"PipelineJobsView", "FinishJobView", "JobsView", "JobView", "TokensView", "TokenView"}


def organization_views() -> Iterator[type[OrganizationView]]:
    def walk(resolver: URLResolver) -> Iterator[Any]:
        for entry in resolver.url_patterns:
            if isinstance(entry, URLResolver):
                yield from walk(entry)
            elif isinstance(entry, URLPattern):
                yield getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", None)

    for view in set(walk(get_resolver("config.urls"))):
        if isinstance(view, type) and issubclass(view, OrganizationView):
            yield view


@pytest.fixture
def of_an_owner(save_provider: SaveProvider, send: Send, olga: User) -> str:
    """A workload's token that acts as Olga and has every scope there is."""
    every = sorted(Scope.objects.values_list("name", flat=True))
    provider = IdentityProvider.objects.get()
    save_provider(provider, policy=[POLICY[0] | {"act_as": "olga@acme.test", "scopes": every}])
    secret: str = send().json()["access_token"]
    return secret


def test_only_what_trusts_nobody_is_open_to_workloads() -> None:
    assert {view.__name__ for view in organization_views() if not view.changes_trust} == OPEN


def test_a_workloads_token_writes_nowhere_else(of_an_owner: str, rf: Any) -> None:
    tried = 0
    for view in organization_views():
        if view.__name__ in OPEN:
            continue
        for method in WRITING:
            if not hasattr(view, method):
                continue
            request = getattr(rf, method)("/", HTTP_AUTHORIZATION=f"Bearer {of_an_owner}")
            request.request_id = "r"
            response = view.as_view()(request, org="acme")
            assert response.status_code == 403, (view, method)
            tried += 1
    assert tried == sum(
        hasattr(view, method) for view in organization_views() if view.__name__ not in OPEN for method in WRITING
    )


def test_a_resource_that_does_not_say_is_closed(of_an_owner: str, rf: Any) -> None:
    class Unsaid(OrganizationView):
        scopes = {"POST": "write_pipelines"}  # noqa: RUF012

        def post(self, request: Any, org: str) -> Any:
            raise AssertionError("reached")

    request = rf.post("/", HTTP_AUTHORIZATION=f"Bearer {of_an_owner}")
    request.request_id = "r"
    response = Unsaid.as_view()(request, org="acme")
    assert response.status_code == 403
    assert "can change no apps" in response.data["message"]


def test_a_workload_reads_what_its_scopes_let_it(save_provider: SaveProvider, send: Send, client: Client) -> None:
    address = "/v2/organizations/acme/audit_events"
    without = send().json()["access_token"]
    assert client.get(address, HTTP_AUTHORIZATION=f"Bearer {without}").status_code == 403
    save_provider(IdentityProvider.objects.get(), policy=[POLICY[0] | {"scopes": ["read_audit_events"]}])
    reader = send().json()["access_token"]
    found = client.get(address, HTTP_AUTHORIZATION=f"Bearer {reader}")
    assert found.status_code == 200
    assert client.get("/v2/organizations/globex/audit_events", HTTP_AUTHORIZATION=f"Bearer {reader}").status_code == 404

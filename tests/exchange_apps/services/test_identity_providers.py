"""Saving identity providers: what is refused, what has to be acknowledged, and how their keys are found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from pytest_django import DjangoCaptureOnCommitCallbacks

from exchange_apps.models import IdentityProvider, Organization, RemoteKeySet
from exchange_apps.services.identity_providers import (
    WarningsNotAcknowledged,
    delete_identity_provider,
    save_identity_provider,
)
from exchange_apps.services.remote_keys import refresh_key_set
from tests.exchange_apps.services.conftest import author_at, events
from tests.keys import jwks
from tests.oidc_issuer_host import DISCOVERY, Issuer

POLICY = [{"scopes": ["read_builds"], "claims": {"repository_id": "1001", "repository_owner_id": "77"}}]
SaveProvider = Callable[..., IdentityProvider]


@pytest.fixture
def save_provider(
    acme: Organization, start: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> SaveProvider:
    """Save a provider of Acme, commit included; `changes` are attributes."""

    def saved(provider: IdentityProvider | None = None, *, acknowledged: Any = (), **changes: Any) -> IdentityProvider:
        provider = provider or IdentityProvider(
            organization=acme, name="ci", preset="generic", audiences=["counterfoil"], policy=POLICY
        )
        for name, value in changes.items():
            setattr(provider, name, value)
        with django_capture_on_commit_callbacks(execute=True):
            save_identity_provider(provider, author=author_at(start), acknowledged=acknowledged)
        return provider

    return saved


def problems_of(refused: pytest.ExceptionInfo[ValidationError]) -> dict[str, list[str]]:
    return refused.value.message_dict


def test_keys_are_found_by_asking_the_issuer(save_provider: SaveProvider, issuer: Issuer) -> None:
    provider = save_provider(issuer=issuer.url)
    assert [key.kid for key in IdentityProvider.objects.get().keys().keys] == ["issuer-1"]
    assert [request.path for request in issuer.host.requests] == [DISCOVERY, "/jwks"]
    (event,) = events("IDENTITY_PROVIDER_CREATED")
    assert (event.subject_name, event.data["changes"]["issuer"]["after"]) == ("ci", provider.issuer)


def test_an_issuer_that_names_itself_otherwise_gives_no_keys(save_provider: SaveProvider, issuer: Issuer) -> None:
    issuer.metadata = {"issuer": f"{issuer.url}/"}
    provider = save_provider(issuer=issuer.url)
    key_set = provider.key_set
    assert key_set is not None
    assert (key_set.last_result, key_set.document) == ("issuer_mismatch", None)
    assert "names another issuer" in key_set.last_sentence
    (event,) = events("JWKS_REFRESH_FAILED")
    assert (event.reason, event.subject_name) == ("issuer_mismatch", "ci")


@pytest.mark.parametrize(
    ("metadata", "result"),
    [
        ({"jwks_uri": None}, "jwks_uri_missing"),
        ({"jwks_uri": "http://10.0.0.1/jwks"}, "jwks_uri_refused"),
        ({"jwks_uri": "https://169.254.169.254/jwks"}, "jwks_uri_refused"),
    ],
)
def test_where_discovery_leads_is_checked(
    save_provider: SaveProvider, issuer: Issuer, metadata: dict[str, Any], result: str
) -> None:
    issuer.metadata = metadata
    key_set = save_provider(issuer=issuer.url).key_set
    assert key_set is not None
    assert key_set.last_result == result


def test_keys_that_move_are_followed(save_provider: SaveProvider, issuer: Issuer, start: datetime) -> None:
    provider = save_provider(issuer=issuer.url)
    issuer.keys = ["issuer-1", "issuer-2"]
    assert provider.key_set is not None
    assert refresh_key_set(provider.key_set.pk, now=start + timedelta(minutes=2))
    assert [key.kid for key in IdentityProvider.objects.get().keys().keys] == ["issuer-1", "issuer-2"]
    assert RemoteKeySet.objects.get().jwks_uri == f"{issuer.url}/jwks"


def test_an_air_gapped_issuer_is_never_asked(save_provider: SaveProvider, issuer: Issuer) -> None:
    provider = save_provider(issuer="http://ci.internal", jwks=jwks("issuer-1"))
    assert [key.kid for key in provider.keys().keys] == ["issuer-1"]
    assert issuer.host.requests == []


def test_a_key_set_may_have_an_address_of_its_own(save_provider: SaveProvider, issuer: Issuer) -> None:
    save_provider(issuer="https://ci.internal", jwks_uri=f"{issuer.url}/jwks")
    assert [request.path for request in issuer.host.requests] == ["/jwks"]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"issuer": ""}, "issuer", "Name the issuer"),
        ({"issuer": "http://id.example.com"}, "issuer", "Only https:// addresses are fetched"),
        ({"issuer": "https://10.0.0.1"}, "issuer", "must not be contacted"),
        ({"preset": "circleci", "issuer": "https://oidc.circleci.com/org/acme"}, "issuer", "An issuer of CircleCI is"),
        ({"audiences": []}, "audiences", "Name 1 to 20 audiences."),
        ({"audiences": [7]}, "audiences", "An audience is text"),
        ({"token_ttl": 5}, "token_ttl", "greater than or equal to 30"),
        ({"policy": []}, "policy", "A policy is a list of one statement or more."),
        ({"policy": [{"scopes": ["read_nothing"], "claims": {"a": "b"}}]}, "policy", "There is no such scope"),
        ({"policy": [{"scopes": ["read_builds"]}]}, "policy", "Statement 1: Without claims it accepts every token"),
        ({"policy": [*POLICY, *POLICY]}, "policy", "Statement 2: Statement 1 already decides"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}]}}, "jwks", "x"),
        ({"preset": "github_actions", "issuer": "", "policy": [{"scopes": ["read_builds"], "claims": {"ref": "x"}}]},
         "policy", "GitHub Actions signs for all its customers"),
    ],
)  # fmt: skip
@pytest.mark.django_db
def test_what_is_refused(save_provider: SaveProvider, changes: dict[str, Any], field: str, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        save_provider(**{"issuer": "https://id.example.com"} | changes)
    assert any(sentence in problem for problem in problems_of(refused)[field])
    assert not IdentityProvider.objects.exists()
    assert events("IDENTITY_PROVIDER_CREATED") == []


def test_a_warning_is_acknowledged_by_name_and_recorded(save_provider: SaveProvider, issuer: Issuer) -> None:
    with pytest.raises(WarningsNotAcknowledged) as refused:
        save_provider(issuer=issuer.url, token_ttl=7200)
    assert [finding.name for finding in refused.value.findings] == ["long_ttl"]
    save_provider(issuer=issuer.url, token_ttl=7200, acknowledged=["long_ttl"])
    (event,) = events("IDENTITY_PROVIDER_CREATED")
    assert event.data["changes"]["acknowledged"]["after"] == ["long_ttl"]


def test_a_change_without_a_difference_is_none(save_provider: SaveProvider, issuer: Issuer) -> None:
    provider = save_provider(issuer=issuer.url)
    save_provider(provider)
    assert events("IDENTITY_PROVIDER_UPDATED") == []


def test_a_change_counts_the_version_up(save_provider: SaveProvider, issuer: Issuer) -> None:
    provider = save_provider(issuer=issuer.url)
    before = IdentityProvider.objects.get().version
    save_provider(provider, enabled=False)
    assert IdentityProvider.objects.get().version > before


def test_a_deleted_provider_leaves_its_event(save_provider: SaveProvider, issuer: Issuer, start: datetime) -> None:
    delete_identity_provider(save_provider(issuer=issuer.url), author=author_at(start))
    assert not IdentityProvider.objects.exists()
    (event,) = events("IDENTITY_PROVIDER_DELETED")
    assert event.data["changes"]["policy"]["before"] == POLICY

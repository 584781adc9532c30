"""Apps in a configuration file whose keys are at an address."""

from __future__ import annotations

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from exchange_apps.models import ExchangeApplication, RemoteKeySet
from tests.configurations import acme, an_app, apply, document, refusals
from tests.exchange_apps.services.conftest import kids, uri_of
from tests.jwks_host import JWKSHost, status_answer

APP = "organizations[0].token_exchange_apps[0]"
pytestmark = pytest.mark.django_db


def file(uri: object) -> dict[str, object]:
    return document(acme(token_exchange_apps=[an_app(jwks=None, jwks_uri=uri)]))


def test_an_app_with_an_address_is_created_and_its_keys_are_fetched_once_it_is_stored(
    host: JWKSHost, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as after_commit:
        apply(file(uri_of(host)))
    assert not host.requests  # no fetch inside the transaction
    for callback in after_commit:
        callback()
    app = ExchangeApplication.objects.get()
    assert (app.jwks, app.jwks_uri, kids(app)) == (None, uri_of(host), ["deploy-1"])


def test_applying_again_changes_nothing_and_fetches_nothing(
    host: JWKSHost, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        apply(file(uri_of(host)))
        outcome = apply(file(uri_of(host)))
    assert not outcome.changed
    assert len(host.requests) == 1


def test_from_pasted_keys_to_an_address_and_back(
    host: JWKSHost, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    for wanted in (document(acme()), file(uri_of(host)), document(acme())):
        with django_capture_on_commit_callbacks(execute=True):
            apply(wanted)
    app = ExchangeApplication.objects.get()
    assert (bool(app.jwks), app.jwks_uri, app.key_set) == (True, "", None)


def test_a_host_that_is_down_stands_in_nobodys_way(
    host: JWKSHost, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    host.answer = status_answer(500)
    with django_capture_on_commit_callbacks(execute=True):
        apply(file(uri_of(host)))
    assert RemoteKeySet.objects.get().last_result == "unexpected_status"


def test_a_plan_fetches_nothing_and_leaves_nothing(
    host: JWKSHost, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        apply(file(uri_of(host)), plan=True)
    assert not host.requests
    assert not RemoteKeySet.objects.exists()


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("http://keys.example.com/jwks.json", "https"),
        ("https://10.0.0.1/jwks.json", "must not be contacted"),
        ("", "must not be empty"),
        (7, "must be text"),
    ],
)
def test_an_address_against_policy_is_refused_in_its_place(uri: object, words: str) -> None:
    found = refusals(file(uri))
    assert set(found) == {f"{APP}.jwks_uri"}
    assert words in found[f"{APP}.jwks_uri"]
    assert not RemoteKeySet.objects.exists()


def test_keys_in_two_ways_are_refused(host: JWKSHost) -> None:
    found = refusals(document(acme(token_exchange_apps=[an_app(jwks_uri=uri_of(host))])))
    assert found == {f"{APP}.jwks": "Give the keys exactly once: as jwks, jwks_file or jwks_uri."}

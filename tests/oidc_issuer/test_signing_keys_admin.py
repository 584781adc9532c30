"""The operators' page of signing keys: who sees it, and what its two buttons do."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from exchange_apps.models import User
from oidc_issuer.models import SigningKey
from oidc_issuer.services.signing_keys import tend_signing_keys
from tests.conftest import statements
from tests.exchange_apps.admin.portal import browser
from tests.oidc_issuer.conftest import author_at

LIST = "/oidc_issuer/signingkey/"


@pytest.fixture
def otto(db: None) -> Client:
    tend_signing_keys(author=author_at(timezone.now() - timedelta(days=2)))
    return browser(User.objects.create_superuser("otto@operators.test", name="Otto"))


def key(state: str = "active", algorithm: str = "ES256") -> SigningKey:
    found: SigningKey = SigningKey.objects.get(state=state, algorithm=algorithm)
    return found


def test_the_page_counts_down_to_the_next_rotation(otto: Client) -> None:
    page = otto.get(LIST).content.decode()
    assert "Rotates by itself in <strong>87 days</strong>" in page
    assert "rotates in 87 days" in page
    for found in SigningKey.objects.all():
        assert found.kid in page
    assert f"{LIST}rotate/RS256/" in page


def test_a_page_costs_the_same_number_of_statements_for_few_and_many_keys(otto: Client) -> None:
    otto.get(LIST)
    with statements() as few:
        otto.get(LIST)
    for days in (0, 100, 200, 300):
        tend_signing_keys(author=author_at(timezone.now() + timedelta(days=days + 90)))
    with statements() as many:
        otto.get(LIST)
    assert len(few) == len(many)


def test_rotating_asks_first_and_then_does_it_once(otto: Client) -> None:
    before = key()
    page = otto.get(f"{LIST}rotate/ES256/").content.decode()
    assert before.kid in page
    assert key("next").kid in page
    assert key() == before
    assert "A new ES256 key signs from now on." in otto.post(f"{LIST}rotate/ES256/", follow=True).content.decode()
    assert key() != before
    event = AuditEvent.objects.get(type="SIGNING_KEY_RETIRED")
    assert (event.actor_name, event.key_id, event.organization_id) == ("otto@operators.test", before.kid, None)
    assert "may sign from" in otto.post(f"{LIST}rotate/ES256/", follow=True).content.decode()
    assert otto.get(f"{LIST}rotate/HS256/").status_code == 404


def test_revoking_asks_first_says_what_it_means_and_does_it(otto: Client) -> None:
    lost = key()
    address = f"{LIST}{lost.pk}/revoke/"
    assert "The next key takes over at once." in otto.get(address).content.decode()
    page = otto.post(address, follow=True).content.decode()
    assert "destroyed" in page
    assert "Revoke</span>" not in page
    lost.refresh_from_db()
    assert lost.state == "revoked"
    assert "nothing is signed until" in otto.get(f"{LIST}{key().pk}/revoke/").content.decode()
    assert otto.get(f"{LIST}{uuid4()}/revoke/").status_code == 404


def test_nobody_else_reaches_any_of_it(otto: Client, olga: User, mallory: User) -> None:
    found = key()
    addresses = ["", f"{found.pk}/change/", f"{found.pk}/history/", f"{found.pk}/revoke/", "rotate/ES256/"]
    for person in (olga, mallory):
        for prefix in ("", "/o/acme", "/o/globex"):
            for address in addresses:
                client = browser(person)
                for response in (client.get(f"{prefix}{LIST}{address}"), client.post(f"{prefix}{LIST}{address}")):
                    assert response.status_code in (403, 404), address
                    assert found.kid not in response.content.decode()
    assert key() == found


def test_below_an_organization_even_an_operator_does_not_find_it(otto: Client, olga: User) -> None:
    assert otto.get(f"/o/acme{LIST}").status_code == 403
    assert otto.post(f"/o/acme{LIST}{key().pk}/revoke/").status_code == 403

"""An organization that requires a second factor shows nothing to whoever has none."""

from __future__ import annotations

import pytest
from django.test import Client

from exchange_apps.models import Organization, User
from tests.exchange_apps.admin.portal import page_of
from tests.exchange_apps.sign_in.conftest import SECURITY, events, set_up_app, sign_in

FORM = {"name": "Acme Inc", "token_exchange_enabled": "on", "exchange_rate_limit": "600", "allowed_ips": ""}


@pytest.fixture
def strict(acme: Organization) -> Organization:
    acme.mfa_required = True
    acme.save()
    return acme


def test_a_member_without_a_factor_is_led_to_set_one_up_and_then_enters(
    client: Client, ada: User, strict: Organization
) -> None:
    sign_in(client)
    for path in ("/o/acme/", "/o/acme/exchange_apps/exchangeapplication/", "/o/acme", page_of(strict)):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, SECURITY), path
    page = client.get(SECURITY).content.decode()
    assert "Acme Inc requires a second factor" in page
    assert 'href="/o/acme/' not in page
    set_up_app(client)
    assert client.get("/o/acme/").status_code == 200


def test_outside_any_organization_nothing_of_it_is_there_either(
    client: Client, ada: User, strict: Organization
) -> None:
    sign_in(client)
    assert client.get("/")["Location"] == SECURITY
    request_id = events("USER_SIGNED_IN")[0].request_id
    assert "USER_SIGNED_IN" not in client.get(f"/requests/{request_id}").content.decode()


def test_others_learn_nothing_from_the_policy(client: Client, mallory: User, strict: Organization) -> None:
    client.force_login(mallory)
    assert client.get("/o/acme/").status_code == 404


def test_operators_keep_the_rules_of_an_organization_they_enter(client: Client, strict: Organization) -> None:
    client.force_login(User.objects.create_superuser("otto@operators.test"))
    assert client.get("/o/acme/")["Location"] == SECURITY
    assert client.get("/").status_code in (200, 302)


def test_nobody_demands_a_factor_they_do_not_have(client: Client, ada: User, acme: Organization) -> None:
    sign_in(client)
    page = client.post(page_of(acme), FORM | {"mfa_required": "on"}, follow=True).content.decode()
    assert "Set up a second factor for yourself first" in page
    acme.refresh_from_db()
    assert not acme.mfa_required
    set_up_app(client)
    client.post(page_of(acme), FORM | {"mfa_required": "on"})
    acme.refresh_from_db()
    assert acme.mfa_required
    assert events("ORGANIZATION_UPDATED")[0].data["changes"] == {"mfa_required": {"before": False, "after": True}}

"""A refused or observed workload's event, as an admin reads it: each rule in words, and the way to its provider."""

from __future__ import annotations

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import IdentityProvider, User
from tests.exchange_apps.workloads.conftest import SaveProvider, Send


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_the_page_of_a_refusal_names_the_rule_and_leads_to_the_provider(
    save_provider: SaveProvider, send: Send, client: Client, alice: User, mode: str
) -> None:
    provider = save_provider(IdentityProvider.objects.get(), mode=mode)
    assert send(claims={"ref": "refs/heads/Main"}).status_code == 400
    event = AuditEvent.objects.get(reason="policy_no_match")
    client.force_login(alice)
    page = client.get(f"/o/acme/audit/auditevent/{event.pk}/change/", follow=True).content.decode()
    assert "ref equals &quot;refs/heads/main&quot;" in page
    assert "Only capital letters differ" in page
    assert f"identityprovider/{provider.pk}/change/" in page

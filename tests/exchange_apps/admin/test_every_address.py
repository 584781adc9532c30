"""Every address of the portal as every role: who gets a page, whose words stand there, and that nothing changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from audit.models import AuditEvent
from exchange_apps.models import User
from tests.exchange_apps.admin.every_address import Address, every_address
from tests.exchange_apps.admin.portal import browser
from tests.world import World

# What a member may open; whatever is not named is not for members
OF_MEMBERS = {
    "index",
    "profile",
    "request_page",
    "exchange_apps_mintedtoken_changelist",
    "exchange_apps_mintedtoken_change",
    "exchange_apps_mintedtoken_history",
    "exchange_apps_mintedtoken_revoke",
    "exchange_apps_mintedtoken_trace",
    "exchange_apps_membership_leave",
}
# What has no organization, or is one's own; the whole log shows each reader what the organizations' logs do
OUTSIDE = {"index", "profile", "request_page"}
OF_READERS_OUTSIDE = {
    "audit_auditevent_changelist",
    "audit_auditevent_change",
    "audit_auditevent_history",
    "audit_auditevent_export",
    "audit_auditevent_drawer",
    "audit_auditevent_newer",
    "audit_auditevent_proof",
}
# What is recorded though nothing changed
READING = {"EXCHANGE_DRY_RUN", "AUDIT_LOG_EXPORT_BEGUN", "AUDIT_LOG_EXPORTED"}
ONES_OWN = {"profile", "exchange_apps_membership_leave", "exchange_apps_mintedtoken_revoke"}
SHUT = (302, 403, 404, 405)
OF_GLOBEX = ("mallory", "globex", "Globex")
OF_ACME = ("deploy-bot", "olga@", "alice@", "bob@", "carol@", "acme", "Acme", "deploy-1")


def body(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return bytes(content).decode()


def open_all(user: User | None, addresses: Iterable[Address], prefix: str) -> Iterable[tuple[Address, Any, str]]:
    client = browser(user)
    for address in addresses:
        response = client.get(f"{prefix}{address.path}")
        yield address, response, body(response)


def assert_silent(text: str, words: Iterable[str], address: Address) -> None:
    for word in words:
        if word not in address.path:
            assert word not in text, (address.name, word)


@pytest.mark.parametrize("name", ["olga", "alice", "carol", "bob"])
def test_people_of_acme_read_nothing_of_globex_anywhere(world: World, name: str) -> None:
    identifiers = [str(found) for found in (world.globex.pk, world.globex_bot.pk, world.mallory.pk)]
    for prefix in ("/o/acme/", "/"):
        for address, response, text in open_all(world.person(name), every_address(world), prefix):
            assert response.status_code in (200, *SHUT), (prefix, address.name)
            assert_silent(text, (*OF_GLOBEX, world.globex_bot.client_id, *identifiers), address)


def test_members_open_their_own_pages_and_no_other(world: World) -> None:
    for address, response, _text in open_all(world.bob, every_address(world), "/o/acme/"):
        if address.name not in OF_MEMBERS:
            assert response.status_code in SHUT, address


def test_mallory_opens_nothing_of_acme_by_any_way_in(world: World) -> None:
    for address, response, text in open_all(world.mallory, every_address(world), "/o/acme/"):
        assert response.status_code == 404, address
        assert_silent(text, OF_ACME, address)
    for prefix in ("/o/globex/", "/"):
        for address, _response, text in open_all(world.mallory, every_address(world), prefix):
            assert_silent(text, OF_ACME, address)


def test_what_belongs_to_the_installation_is_for_operators(world: World) -> None:
    for person in (world.olga, world.alice, world.carol, world.bob, world.mallory):
        for address, response, _text in open_all(person, every_address(world), "/"):
            if address.name not in OUTSIDE | (OF_READERS_OUTSIDE if person != world.bob else set()):
                assert response.status_code in SHUT, (person, address)


def test_nobody_signed_in_is_sent_to_sign_in_from_everywhere(world: World) -> None:
    for prefix in ("/o/acme/", "/"):
        for address, response, text in open_all(None, every_address(world), prefix):
            if not (prefix == "/" and address.name == "request_page"):
                assert response.status_code in (302, 404, 405), address
                assert "/login/" in response.get("Location", "/login/"), address
            assert_silent(text, (*OF_ACME, *OF_GLOBEX), address)


@pytest.mark.parametrize("name", ["carol", "bob", "mallory"])
def test_whoever_changes_nothing_changes_nothing_at_any_address(world: World, name: str) -> None:
    addresses, client = every_address(world), browser(world.person(name))
    before = set(AuditEvent.objects.values_list("pk", flat=True))
    for prefix in ("/o/acme/", "/o/globex/", "/"):
        for address in addresses:
            if address.name not in ONES_OWN:
                client.post(f"{prefix}{address.path}", {"post": "yes", "name": "deploy-bot", "slug": "acme"})
    changes = AuditEvent.objects.exclude(pk__in=before).exclude(type__in=READING)
    if name == "mallory":  # what she makes of her own organization is her affair
        changes = changes.exclude(organization_id=world.globex.pk)
    assert list(changes.values_list("type", "actor_name")) == []

"""Recording: what an event holds, and that it is there exactly when what it records is."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import RequestFactory

from audit.actions import SENTENCES, AuditAction, Outcome
from audit.identifiers import uuid7
from audit.models import SCHEMA_VERSION, AuditEvent
from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party, PartyType
from audit.recorder import event_row, record_event
from exchange_apps.models import Organization
from tests import factories

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)
ACME = OrganizationRef(uuid.UUID(int=1), "acme")
BOT = Party(PartyType.TOKEN_EXCHANGE_APP, uuid.UUID(int=2), "deploy-bot")
BOB = Party(PartyType.USER, uuid.UUID(int=3), "bob@acme.test")
TOKEN = Party(PartyType.MINTED_TOKEN, uuid.UUID(int=4), "…wxyz")
ORIGIN = RequestOrigin(ip_address("192.0.2.7"), "curl/8", "00000000-0000-4000-8000-000000000000")


def good(**changes: Any) -> dict[str, Any]:
    return {
        "occurred_at": MOMENT,
        "organization": ACME,
        "actor": BOT,
        "on_behalf_of": BOB,
        "subject": TOKEN,
        "origin": ORIGIN,
        "key_id": "deploy-1",
        "data": {"ttl": 60},
    } | changes


def test_an_event_holds_who_what_for_whom_when_and_from_where(db: None) -> None:
    recorded = record_event(AuditAction.ACCESS_TOKEN_MINTED, **good())
    event = AuditEvent.objects.get(pk=recorded.pk)
    assert (event.type, event.outcome, event.reason) == ("ACCESS_TOKEN_MINTED", "success", "")
    assert (event.schema_version, event.occurred_at) == (SCHEMA_VERSION, MOMENT)
    assert (event.organization_id, event.organization_slug) == (ACME.uuid, "acme")
    assert (event.actor_type, event.actor_id, event.actor_name) == ("TOKEN_EXCHANGE_APP", BOT.uuid, "deploy-bot")
    assert (event.on_behalf_of_type, event.on_behalf_of_id, event.on_behalf_of_name) == ("USER", BOB.uuid, BOB.name)
    assert (event.subject_type, event.subject_id, event.subject_name) == ("MINTED_TOKEN", TOKEN.uuid, "…wxyz")
    assert (event.context_type, event.request_id) == ("WebContext", ORIGIN.request_id)
    assert (event.request_ip, event.request_user_agent, event.key_id) == ("192.0.2.7", "curl/8", "deploy-1")
    assert event.data == {"ttl": 60}


def test_whoever_is_not_known_is_left_blank(db: None) -> None:
    event = record_event(
        AuditAction.TOKEN_EXCHANGE_DENIED,
        **good(organization=None, on_behalf_of=None, subject=None, key_id="", data=None),
        outcome=Outcome.DENIED,
        reason="client_unknown",
    )
    event.refresh_from_db()
    assert (event.organization_id, event.organization_slug) == (None, "")
    assert (event.on_behalf_of_type, event.on_behalf_of_id, event.on_behalf_of_name) == ("", None, "")
    assert (event.subject_type, event.subject_id, event.subject_name) == ("", None, "")
    assert (event.outcome, event.reason, event.data) == ("denied", "client_unknown", {})


def test_an_event_of_a_command_has_no_address(db: None) -> None:
    event = record_event(AuditAction.CONFIGURATION_APPLIED, **good(origin=RequestOrigin.command("apply")))
    event.refresh_from_db()
    assert (event.context_type, event.request_ip, event.request_id) == ("CommandContext", None, "")
    assert event.request_user_agent == "apply"


def test_names_are_snapshots_that_outlive_what_they_name(db: None) -> None:
    organization = factories.make_organization("acme")
    event = record_event(AuditAction.ORGANIZATION_UPDATED, **good(organization=organization.ref()))
    Organization.objects.update(slug="renamed")
    organization.delete()
    event.refresh_from_db()
    assert (event.organization_id, event.organization_slug) == (organization.id or event.organization_id, "acme")


def test_long_names_are_cut_to_their_column(db: None) -> None:
    longwinded = Party(PartyType.USER, None, "x" * 500)
    event = record_event(
        AuditAction.USER_UPDATED, **good(actor=longwinded, subject=longwinded, on_behalf_of=longwinded)
    )
    event.refresh_from_db()
    assert len(event.actor_name) == len(event.subject_name) == len(event.on_behalf_of_name) == 320


def test_without_what_it_records_there_is_no_event(db: None) -> None:
    def fail_afterwards() -> None:
        factories.make_organization("acme")
        record_event(AuditAction.ORGANIZATION_CREATED, **good())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        fail_afterwards()
    assert not Organization.objects.exists()
    assert not AuditEvent.objects.exists()


def test_without_its_event_there_is_nothing_to_record(db: None) -> None:
    def record_what_cannot_be_stored() -> None:
        factories.make_organization("acme")
        record_event(AuditAction.ORGANIZATION_CREATED, **good(data={"set": {1, 2}}))

    with pytest.raises(TypeError, match="JSON"), transaction.atomic():
        record_what_cannot_be_stored()
    assert not Organization.objects.exists()


def test_an_event_is_written_once(db: None) -> None:
    first = record_event(AuditAction.USER_UPDATED, **good())
    copy = AuditEvent(**{field.attname: getattr(first, field.attname) for field in AuditEvent._meta.fields})
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save()


def test_a_row_names_every_column_of_the_table(db: None) -> None:
    """The mint writes such a row by itself, so none may be missing."""
    row = event_row(AuditAction.ACCESS_TOKEN_MINTED, **good())
    assert set(row) == {field.column for field in AuditEvent._meta.concrete_fields}


def test_a_row_shares_nothing_with_what_it_was_made_of() -> None:
    data = {"a": 1}
    row = event_row(AuditAction.ACCESS_TOKEN_MINTED, **good(data=data))
    data["a"] = 2
    assert row["data"] == {"a": 1}


# --- order ------------------------------------------------------------------------------------------------------------


def test_events_are_in_the_order_in_which_they_were_recorded(db: None) -> None:
    recorded = [record_event(AuditAction.USER_UPDATED, **good()).pk for _ in range(50)]
    assert list(AuditEvent.objects.order_by("id").values_list("pk", flat=True)) == recorded
    assert list(AuditEvent.objects.all().newest_first().values_list("pk", flat=True)) == recorded[::-1]


def test_identifiers_are_uuids_of_version_7_and_only_grow() -> None:
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 5000
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}


def test_identifiers_of_many_threads_never_meet() -> None:
    made: list[list[uuid.UUID]] = [[] for _ in range(8)]
    threads = [threading.Thread(target=lambda row=row: row.extend(uuid7() for _ in range(500))) for row in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(row == sorted(row) for row in made)
    assert len({one for row in made for one in row}) == 4000


# --- words ------------------------------------------------------------------------------------------------------------


def test_every_kind_of_event_has_a_sentence_and_its_own_name() -> None:
    assert set(SENTENCES) == set(AuditAction)
    assert all(action.value == action.name for action in AuditAction)


@pytest.mark.parametrize("action", AuditAction)
def test_every_event_reads_as_a_sentence(action: AuditAction) -> None:
    event = AuditEvent(**event_row(action, **good(), reason="scope_not_grantable"))
    assert "{" not in event.sentence
    assert str(event) == event.sentence


def test_hostile_names_stay_text(db: None) -> None:
    braces = Party(PartyType.USER, None, "{reason.__class__} <script> % \u202e")
    event = record_event(AuditAction.USER_SIGNED_IN, **good(actor=braces))
    assert event.sentence == f"{braces.name} signed in"


def test_a_hostile_user_agent_is_kept_printable_and_short(db: None, rf: RequestFactory) -> None:
    request = rf.get("/", headers={"user-agent": "a\x00b\nc\u2028" + "x" * 500})
    event = record_event(AuditAction.USER_SIGNED_IN, **good(origin=RequestOrigin.of(request)))
    event.refresh_from_db()
    assert event.request_user_agent.startswith("a?b?c?xxx")
    assert len(event.request_user_agent) == 256
    assert json.dumps(event.request_user_agent)

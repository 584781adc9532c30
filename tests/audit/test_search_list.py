"""Searching and exporting in the portal."""

from __future__ import annotations

import json

from audit.models import AuditEvent
from exchange_apps.models import Organization, User
from tests.audit.test_admin import LOG, record, signed_in


def test_the_list_shows_what_was_searched_for(acme: Organization, carol: User) -> None:
    for number in (1, 2):
        record(acme, number)
    page = signed_in(carol).get(f"{LOG}?query=actor:person-001").content.decode()
    assert "person-001 changed" in page
    assert "person-002 changed" not in page


def test_what_is_typed_and_what_is_chosen_count_together(acme: Organization, carol: User) -> None:
    record(acme, 1)
    client = signed_in(carol)
    assert "person-001 changed" in client.get(f"{LOG}?query=actor:person-001&outcome=success").content.decode()
    assert "person-001 changed" not in client.get(f"{LOG}?query=actor:person-001&outcome=denied").content.decode()


def test_a_wrong_search_says_why_and_offers_what_was_meant(acme: Organization, carol: User) -> None:
    record(acme, 1)
    page = signed_in(carol).get(f"{LOG}?query=outcome:success+type:USER_CREATD").content.decode()
    assert "Did you mean type:USER_CREATED?" in page
    assert "?query=outcome%3Asuccess%20type%3AUSER_CREATED" in page
    assert "person-001 changed" not in page


def test_the_current_search_is_exported_and_the_export_recorded(acme: Organization, carol: User) -> None:
    event = record(acme, 1)
    record(acme, 2)
    answer = signed_in(carol).post(f"{LOG}export/ndjson/", {"query": "actor:person-001"})
    (line,) = b"".join(answer.streaming_content).splitlines()
    assert json.loads(line)["uuid"] == str(event.pk)
    assert AuditEvent.objects.get(type="AUDIT_LOG_EXPORTED").data["count"] == 1


def test_only_readers_export_and_only_their_own(acme: Organization, bob: User, mallory: User, carol: User) -> None:
    record(acme, 1)
    assert signed_in(bob).post(f"{LOG}export/csv/").status_code == 403
    assert signed_in(mallory).post(f"{LOG}export/csv/").status_code == 404
    own = signed_in(mallory).post("/o/globex/audit/auditevent/export/csv/")
    assert b"person-001" not in b"".join(own.streaming_content)
    assert signed_in(carol).get(f"{LOG}export/csv/").status_code == 405
    assert signed_in(carol).post(f"{LOG}export/pdf/").status_code == 404

"""The log over REST: whose it is, page by page, one event, and as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pytest_django import Settings

from audit.actions import AuditAction
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.models import Organization, User
from tests.exchange_apps.api.conftest import EVENTS, Call

Mint = Callable[..., str]


def record(organization: Organization, name: str) -> AuditEvent:
    return record_event(
        AuditAction.USER_UPDATED,
        occurred_at=datetime.now(UTC),
        organization=organization.ref(),
        actor=Party(PartyType.USER, None, name),
        origin=RequestOrigin(None, "", ""),
    )


@pytest.fixture
def token(carol: User, token_for: Mint) -> str:
    return token_for(carol.email)


def test_the_log_is_read_page_by_page_in_both_directions(acme: Organization, token: str, call: Call) -> None:
    for number in range(70):
        record(acme, f"person {number}")
    names, address = [], f"{EVENTS}?per_page=20&query=type:USER_UPDATED"
    while address:
        answer = call(address, token)
        names += [item["actor"]["name"] for item in answer.json()["items"]]
        last, address = answer.json()["links"], answer.json()["links"].get("next", "")
        assert ('rel="next"' in answer.headers.get("Link", "")) == bool(address)
    assert names == [f"person {number}" for number in reversed(range(70))]
    back = call(last["prev"], token).json()
    assert [item["actor"]["name"] for item in back["items"]] == names[40:60]
    assert call(back["links"]["first"], token).json()["items"][0]["actor"]["name"] == "person 69"
    first = call(call(back["links"]["prev"], token).json()["links"]["prev"], token).json()
    assert "prev" not in first["links"]


@pytest.mark.parametrize(
    ("query", "field"),
    [("per_page=0", "per_page"), ("per_page=101", "per_page"), ("per_page=x", "per_page"), ("after=x", "after"),
     ("before=AAAA", "before"), ("query=typ:x", "query")],
)  # fmt: skip
def test_a_bad_parameter_is_named(token: str, call: Call, query: str, field: str) -> None:
    answer = call(f"{EVENTS}?{query}", token)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert answer.json()["request_id"]


def test_both_cursors_at_once_are_refused(acme: Organization, token: str, call: Call) -> None:
    record(acme, "a")
    next_page = call(f"{EVENTS}?per_page=1", token).json()["links"]["next"]
    cursor = next_page.split("after=")[1]
    assert call(f"{EVENTS}?after={cursor}&before={cursor}", token).status_code == 400


def test_a_wrong_search_is_answered_with_what_was_probably_meant(token: str, call: Call) -> None:
    message = call(f"{EVENTS}?query=type:USER_UPDATD", token).json()["message"]
    assert message == "Unknown type “USER_UPDATD”. Did you mean type:USER_UPDATED?"


def test_one_event_never_changes_and_is_not_sent_twice(acme: Organization, token: str, call: Call) -> None:
    event = record(acme, "ada")
    answer = call(f"{EVENTS}/{event.pk}", token)
    assert answer.json()["uuid"] == str(event.pk)
    assert answer.json()["url"] == f"http://localhost:8000/o/acme/audit/auditevent/{event.pk}/change/"
    again = call(f"{EVENTS}/{event.pk}", token, HTTP_IF_NONE_MATCH=answer["ETag"])
    assert (again.status_code, again.content) == (304, b"")


def test_without_a_token_or_with_a_dead_one_nothing_is_said(acme: Organization, call: Call) -> None:
    for token, challenge in ((None, "Bearer"), ("bktx_" + "a" * 44, 'Bearer error="invalid_token"')):
        answer = call(EVENTS, token)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith(challenge)
        assert set(answer.json()) == {"message", "request_id"}


def test_a_missing_scope_is_named_with_those_there_are(carol: User, token_for: Mint, call: Call) -> None:
    answer = call(EVENTS, token_for(carol.email, scope="read_builds"))
    assert answer.status_code == 403
    assert answer["WWW-Authenticate"] == 'Bearer error="insufficient_scope", scope="read_audit_events"'
    assert (answer.json()["needed_scope"], answer.json()["token_scopes"]) == ("read_audit_events", ["read_builds"])


def test_a_member_who_may_not_read_the_log_cannot_by_token_either(bob: User, token_for: Mint, call: Call) -> None:
    token = token_for(bob.email)
    for path in (EVENTS, f"{EVENTS}.csv", f"{EVENTS}/{AuditEvent.objects.get().pk}"):
        assert call(path, token).status_code == 403


def test_another_organization_is_not_there(globex: Organization, token: str, call: Call) -> None:
    event = record(globex, "mallory")
    missing = call("/v2/organizations/nowhere/audit_events", token)
    for path in (
        "/v2/organizations/globex/audit_events",
        f"/v2/organizations/{globex.pk}/audit_events.ndjson",
        f"{EVENTS}/{event.pk}",
    ):
        answer = call(path, token)
        assert answer.status_code == 404
        assert answer.json()["message"] == missing.json()["message"]
    assert "mallory" not in call(EVENTS, token).content.decode()
    assert call(f"/v2/organizations/{Organization.objects.get(slug='acme').pk}/audit_events", token).status_code == 200


def test_limits_count_for_user_and_organization_and_say_so(token: str, call: Call, settings: Settings) -> None:
    settings.API_RATE_LIMIT, settings.API_USER_RATE_LIMIT = 10, 2
    answer = call(EVENTS, token)
    assert (answer["RateLimit-Scope"], answer["RateLimit-Limit"], answer["RateLimit-Remaining"]) == ("rest", "10", "9")
    assert (answer["RateLimit-User-Scope"], answer["RateLimit-User-Remaining"]) == ("rest_user", "1")
    call(EVENTS, token)
    refused = call(EVENTS, token)
    assert refused.status_code == 429
    body = refused.json()
    assert (body["scope"], body["limit"], body["current"]) == ("rest_user", 2, 3)
    assert refused["RateLimit-User-Warning"] == "You have exceeded your API rate limit."
    assert f"wait {body['reset']} seconds" in body["message"]
    assert refused["Retry-After"] == str(body["reset"])


# --- files ------------------------------------------------------------------------------------------------------------


def test_an_export_as_ndjson_holds_what_is_searched_oldest_first(acme: Organization, token: str, call: Call) -> None:
    events = [record(acme, name) for name in ("a", "b", "c")]
    answer = call(f"{EVENTS}.ndjson?query=type:USER_UPDATED%20-actor:b", token)
    lines = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [line["uuid"] for line in lines] == [str(events[0].pk), str(events[2].pk)]
    assert answer["Content-Disposition"] == f'attachment; filename="audit-log-acme-{datetime.now(UTC):%Y-%m-%d}.ndjson"'
    assert lines[0] == {
        name: value for name, value in call(f"{EVENTS}/{events[0].pk}", token).json().items() if name != "url"
    }


def test_an_export_is_two_events(token: str, call: Call, carol: User) -> None:
    answer = call(f"{EVENTS}.csv?query=outcome:success", token)
    begun = AuditEvent.objects.get(type="AUDIT_LOG_EXPORT_BEGUN")
    assert begun.data == {"query": "outcome:success", "format": "csv"}
    assert begun.actor_name == carol.email
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))
    ended = AuditEvent.objects.get(type="AUDIT_LOG_EXPORTED")
    assert ended.data == {"query": "outcome:success", "format": "csv", "count": len(rows) - 1}
    assert (ended.outcome, len(rows)) == ("success", 2)


def test_an_export_that_is_cut_off_is_recorded_as_failed(token: str, call: Call) -> None:
    answer = call(f"{EVENTS}.csv", token)
    next(iter(answer.streaming_content))
    answer._iterator.close()
    assert AuditEvent.objects.get(type="AUDIT_LOG_EXPORTED").outcome == "failed"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1"])
def test_no_cell_is_a_formula(acme: Organization, token: str, call: Call, name: str) -> None:
    record(acme, name)
    content = b"".join(call(f"{EVENTS}.csv?query=type:USER_UPDATED", token).streaming_content).decode()
    (row,) = csv.DictReader(io.StringIO(content))
    assert row["actor_name"] == f"'{name}"

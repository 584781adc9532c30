"""What surrounds the list of the log: ranges, chips, presets, new events, the drawer, the proof."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actions import AuditAction
from audit.asked_search import asked_search
from audit.identifiers import first_uuid7_at
from audit.log_ranges import PRESETS
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.proof.sealing import seal_events
from audit.recorder import event_row, record_events
from audit.search.query import MOST_TERMS, parse
from audit.search_help import type_groups
from exchange_apps.models import Organization, User
from tests.audit.test_admin import LOG, record, signed_in
from tests.conftest import Exchange

HTMX = {"HTTP_HX_REQUEST": "true"}


def record_long_ago(organization: Organization, number: int, days: int) -> None:
    """As the recorder would have written it then."""
    old = datetime.now(UTC) - timedelta(days=days)
    row = event_row(
        AuditAction.TOKEN_EXCHANGE_APP_UPDATED,
        occurred_at=old,
        organization=organization.ref(),
        actor=Party(PartyType.USER, uuid.uuid4(), f"person-{number:03}"),
        subject=Party(PartyType.TOKEN_EXCHANGE_APP, uuid.uuid4(), "some-app"),
        origin=RequestOrigin(None, "", str(uuid.uuid4())),
    )
    record_events([row | {"id": first_uuid7_at(old)}])


@pytest.mark.parametrize(
    ("address", "searched"),
    [
        ("", "after:30d"),
        ("query=outcome:denied", "outcome:denied after:30d"),
        ("range=all", ""),
        ("query=after:7d", "after:7d"),
        ("query=before:7d", "before:7d"),
        ("query=request:abc", "request:abc"),
        ("query=-subject:abc", "-subject:abc after:30d"),
        ("outcome=denied&reason=scope+not+grantable", "outcome:denied reason:scope_not_grantable after:30d"),
    ],
)
def test_thirty_days_are_searched_unless_the_search_names_a_time_or_one_thing(address: str, searched: str) -> None:
    asked = asked_search(QueryDict(address).dict())
    assert " ".join(map(str, asked.searched.terms)) == searched


def test_the_list_says_its_range_its_zone_and_how_to_see_more(acme: Organization, carol: User) -> None:
    record_long_ago(acme, 7, days=40)
    record(acme, 8)
    client = signed_in(carol)
    page = client.get(LOG).content.decode()
    assert "The last 30 days, as the search names no time." in page
    assert "Times in UTC." in page
    assert "person-008 changed" in page
    assert "person-007 changed" not in page
    assert "person-007 changed" in client.get(f"{LOG}?query=&range=all").content.decode()


def test_a_chip_takes_its_term_away(acme: Organization, carol: User) -> None:
    page = unescape(signed_in(carol).get(f"{LOG}?query=outcome:denied+-reason:wrong_code+after:7d").content.decode())
    chips = dict(re.findall(r'class="chip" href="\?query=([^"]*)"><code>([^<]*)', page))
    assert set(chips.values()) == {"outcome:denied", "-reason:wrong_code", "after:7d"}
    assert "outcome%3Adenied+-reason%3Awrong_code&range=all" in chips


def test_days_become_terms_with_the_last_day_included(carol: User) -> None:
    answer = signed_in(carol).get(f"{LOG}?query=outcome:denied+after:7d&from=2026-03-01&to=2026-03-31")
    assert answer.status_code == 302
    assert answer["Location"] == "?query=outcome%3Adenied+after%3A2026-03-01+before%3A2026-04-01"
    assert signed_in(carol).get(f"{LOG}?from=nonsense&to=")["Location"] == "?query=&range=all"


def test_every_preset_is_a_search_with_room_for_a_range() -> None:
    for label, query in PRESETS:
        assert 0 < len(parse(query).terms) < MOST_TERMS, label


def test_every_event_type_is_in_one_group_of_the_help() -> None:
    shown = [type for _label, types in type_groups() for type, _sentence in types]
    assert sorted(shown) == sorted(AuditAction)


def test_the_call_to_copy_means_the_same_days_in_utc(acme: Organization, carol: User) -> None:
    carol.time_zone = "Europe/Berlin"
    carol.save()
    page = unescape(signed_in(carol).get(f"{LOG}?query=after:2026-03-01+outcome:denied").content.decode())
    assert "'query=after:2026-02-28T23:00:00Z outcome:denied'" in page
    assert "/v2/organizations/acme/audit_events" in page
    assert "after:7d" in unescape(signed_in(carol).get(f"{LOG}?query=after:7d").content.decode())


def test_newer_events_come_as_rows_and_nothing_else(acme: Organization, globex: Organization, carol: User) -> None:
    first = record(acme, 1)
    client = signed_in(carol)
    newer = f"{LOG}newer/?query=actor:person-003&newer={first.pk}"
    assert client.get(newer).status_code == 204
    record(acme, 2)
    record(acme, 3)
    record(globex, 3)
    rows = client.get(newer).content.decode()
    assert rows.count("<tr ") == 1
    assert "person-003 changed" in rows
    assert client.get(f"{LOG}newer/?newer=nonsense").status_code == 404
    assert client.get(f"{LOG}newer/?query=nonsense:1&newer={first.pk}").status_code == 404


def test_the_drawer_shows_the_event_without_the_rest_of_the_page(acme: Organization, carol: User) -> None:
    event = record(acme, 1)
    client = signed_in(carol)
    part = client.get(f"{LOG}{event.pk}/drawer/", **HTMX).content.decode()
    assert "person-001 changed" in part
    assert "<html" not in part
    assert client.get(f"{LOG}{event.pk}/drawer/")["Location"] == f"{LOG}{event.pk}/change/"


def test_the_page_leads_to_the_events_beside_it_in_the_same_search(acme: Organization, carol: User) -> None:
    events = [record(acme, number) for number in (1, 2, 1, 1)]
    page = unescape(signed_in(carol).get(f"{LOG}{events[2].pk}/change/?query=actor:person-001").content.decode())
    assert f'rel="next" href="{LOG}{events[0].pk}/change/?query=actor%3Aperson-001"' in page
    assert f'rel="prev" href="{LOG}{events[3].pk}/change/?query=actor%3Aperson-001"' in page


def test_the_page_searches_for_what_is_the_same(exchange: Exchange, carol: User) -> None:
    exchange()
    event = AuditEvent.objects.get()
    client = signed_in(carol)
    page = unescape(client.get(f"{LOG}{event.pk}/change/").content.decode())
    searches = set(re.findall(r'href="(/o/acme/audit/auditevent/\?query=[^"]+)"', page))
    assert len(searches) >= 7  # type, who, for, what, key, address, request, token, app
    for address in searches:
        assert event.pk.hex in client.get(address).content.decode(), address


def test_the_proof_is_there_once_the_event_is_signed(acme: Organization, carol: User) -> None:
    event = record(acme, 1)
    client = signed_in(carol)
    assert client.get(f"{LOG}{event.pk}/proof/").status_code == 404
    assert "Not sealed yet" in client.get(f"{LOG}{event.pk}/change/").content.decode()
    seal_events(now=timezone.now())
    assert "Number in the log" in client.get(f"{LOG}{event.pk}/change/").content.decode()


@pytest.mark.parametrize("name", ["drawer", "proof"])
def test_nobody_opens_what_he_may_not_read(acme: Organization, bob: User, mallory: User, name: str) -> None:
    event = record(acme, 1)
    assert signed_in(bob).get(f"{LOG}{event.pk}/{name}/", **HTMX).status_code == 403
    assert signed_in(mallory).get(f"{LOG}{event.pk}/{name}/", **HTMX).status_code == 404
    own = f"/o/globex/audit/auditevent/{event.pk}/{name}/"
    assert signed_in(mallory).get(own, **HTMX).status_code == 404
    assert signed_in(mallory).get(f"/audit/auditevent/{event.pk}/{name}/", **HTMX).status_code == 404
    assert signed_in(bob).get(f"{LOG}newer/?newer={event.pk}").status_code == 403


def test_an_operator_reads_on_outside_of_organizations(acme: Organization) -> None:
    event = record(acme, 1)
    client = signed_in(User.objects.create_superuser("otto@operators.test"))
    assert client.get(f"/audit/auditevent/{event.pk}/drawer/", **HTMX).status_code == 200
    assert client.get(f"/audit/auditevent/newer/?newer={event.pk}").status_code == 204
    page = client.get("/audit/auditevent/").content.decode()
    assert "person-001 changed" in page
    assert "/v2/organizations/" not in page


def test_how_often_the_database_is_asked_is_fixed(acme: Organization, carol: User) -> None:
    client = signed_in(carol)
    events = [record(acme, number) for number in range(30)]
    asked = {
        f"{LOG}{events[9].pk}/drawer/": 8,
        f"{LOG}{events[9].pk}/change/": 11,
        f"{LOG}newer/?newer={events[9].pk}": 7,
    }
    for address, most in asked.items():
        client.get(address, **HTMX)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address, **HTMX).status_code == 200
        assert len(captured) <= most, (address, [query["sql"][:90] for query in captured])
    assert AuditEvent.objects.count() == 30

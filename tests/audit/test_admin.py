"""The log in the portal, and the page behind `error_uri`."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audit.actions import AuditAction
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.models import ExchangeApplication, MintedToken, Organization, User
from tests import factories
from tests.conftest import Exchange

LOG = "/o/acme/audit/auditevent/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def record(organization: Organization, number: int) -> AuditEvent:
    return record_event(
        AuditAction.TOKEN_EXCHANGE_APP_UPDATED,
        occurred_at=datetime.now(UTC),
        organization=organization.ref(),
        actor=Party(PartyType.USER, uuid.uuid4(), f"person-{number:03}"),
        subject=Party(PartyType.TOKEN_EXCHANGE_APP, uuid.uuid4(), "some-app"),
        origin=RequestOrigin(None, "", str(uuid.uuid4())),
        data={"changes": {"max_token_ttl": {"before": 3600, "after": 600}}},
    )


def test_a_mint_is_in_the_log_with_app_user_key_and_time(exchange: Exchange, carol: User) -> None:
    exchange()
    page = signed_in(carol).get(LOG).content.decode()
    assert "deploy-bot minted a token for bob@acme.test" in page
    assert "ACCESS_TOKEN_MINTED" in page
    assert "deploy-1" in page
    assert "127.0.0.1" in page
    assert "UTC" in page


def test_a_refusal_shows_its_receipt_row_by_row(exchange: Exchange, carol: User) -> None:
    exchange(scope="write_everything")
    event = AuditEvent.objects.get()
    page = signed_in(carol).get(f"{LOG}{event.pk}/change/").content.decode()
    assert [row["check"] for row in event.data["receipt"]][-1] == "scope"
    assert "write_everything" in page
    assert "failed" in page
    assert "Raw JSON" in page
    assert "write_everything" in page.split("Raw JSON", 1)[1]


def test_a_change_shows_before_and_after(acme: Organization, carol: User) -> None:
    event = record(acme, 1)
    page = signed_in(carol).get(f"{LOG}{event.pk}/change/").content.decode()
    assert "Max token ttl" in page
    assert ">3600<" in page
    assert ">600<" in page


def test_the_log_is_read_page_by_page_without_a_gap_or_a_repeat(acme: Organization, carol: User) -> None:
    for number in range(120):
        record(acme, number)
    client, seen, address = signed_in(carol), [], LOG
    while address:
        page = client.get(address).content.decode()
        seen += [number for number in range(120) if f"person-{number:03}" in page]
        last = address
        address = LOG + page.split('rel="next" href="')[1].split('"')[0] if 'rel="next"' in page else ""
    assert sorted(seen) == list(range(120))
    # and back to the first page
    page = client.get(last).content.decode()
    for _ in range(2):
        page = client.get(LOG + page.split('rel="prev" href="')[1].split('"')[0]).content.decode()
    assert "person-119" in page
    assert 'rel="prev"' not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("type=ACCESS_TOKEN_MINTED", 1),
        ("type=NONSENSE", 0),
        ("outcome=denied", 1),
        ("reason=scope_not_grantable", 1),
        ("reason=scope%20not%20grantable", 1),
        ("key_id=deploy-1", 2),
        ("key_id=deploy", 0),
        ("ip=127.0.0.1", 2),
        ("ip=no-address", 0),
        ("actor=no-uuid", 0),
        ("reason=%00", 0),
        ("outcome=denied&key_id=deploy-1", 1),
    ],
)
def test_filters_compare_exactly(exchange: Exchange, carol: User, query: str, found: int) -> None:
    exchange()
    exchange(scope="write_everything")
    page = signed_in(carol).get(f"{LOG}?{query}").content.decode()
    assert page.count('<tr><th class="field-what_happened') + page.count('data-label="Event"') == found, page


def test_app_and_request_filters_find_their_events(
    exchange: Exchange, carol: User, deploy_bot: ExchangeApplication
) -> None:
    request_id = json.loads(exchange(scope="write_everything").content)["request_id"]
    client = signed_in(carol)
    assert "was refused a token" in client.get(f"{LOG}?actor={deploy_bot.pk}").content.decode()
    assert "was refused a token" in client.get(f"{LOG}?request_id={request_id}").content.decode()
    assert "deploy-bot was refused a token" not in client.get(f"{LOG}?request_id={uuid.uuid4()}").content.decode()


def test_a_bad_cursor_goes_back_to_the_first_page(acme: Organization, carol: User) -> None:
    assert signed_in(carol).get(f"{LOG}?older=nonsense").status_code == 302


def test_nothing_can_be_added_changed_or_deleted(acme: Organization, olga: User) -> None:
    event = record(acme, 1)
    client = signed_in(olga)
    assert client.get(f"{LOG}add/").status_code == 403
    assert client.post(f"{LOG}{event.pk}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{LOG}{event.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(LOG, {"action": "delete_selected", "_selected_action": [str(event.pk)], "post": "yes"})
    assert AuditEvent.objects.filter(pk=event.pk).exists()


def test_operators_read_every_log_and_owners_only_their_own(
    acme: Organization, globex: Organization, olga: User
) -> None:
    record(acme, 1)
    record(globex, 2)
    otto = User.objects.create_superuser("otto@operators.test")
    everything = signed_in(otto).get("/audit/auditevent/").content.decode()
    assert "person-001" in everything
    assert "person-002" in everything
    assert "person-002" not in signed_in(otto).get(LOG).content.decode()
    assert "person-002" not in signed_in(olga).get(LOG).content.decode()
    assert "person-002" not in signed_in(olga).get("/audit/auditevent/").content.decode()


def lists_with_rows(acme: Organization, exchange: Exchange, rows: int) -> None:
    for number in range(rows):
        assert exchange().status_code == 200
        record(acme, number)
        factories.make_member(acme, f"m{rows}-{number}@acme.test")
        factories.make_application(acme, f"app-{rows}-{number}")


@pytest.mark.parametrize(
    "path",
    [
        "audit/auditevent/",
        "exchange_apps/mintedtoken/",
        "exchange_apps/membership/",
        "exchange_apps/exchangeapplication/",
        "",
    ],
)
def test_a_list_asks_as_often_with_fifty_rows_as_with_five(
    acme: Organization, exchange: Exchange, olga: User, path: str
) -> None:
    client = signed_in(olga)

    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/o/acme/{path}").status_code == 200
        return [query["sql"] for query in captured]

    lists_with_rows(acme, exchange, 5)
    queries()  # warms what is read once per process
    few = queries()
    lists_with_rows(acme, exchange, 45)
    many = queries()
    assert len(few) == len(many), many
    assert len(many) <= 13


def test_the_log_and_the_tokens_are_never_counted_nor_made_distinct(
    acme: Organization, exchange: Exchange, olga: User
) -> None:
    exchange()
    client = signed_in(olga)
    for path in ("audit/auditevent/?outcome=success", "exchange_apps/mintedtoken/?state=live"):
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/o/acme/{path}")
        for query in captured:
            if "audit_auditevent" in query["sql"] or "exchange_apps_mintedtoken" in query["sql"]:
                assert "COUNT(" not in query["sql"]
                assert "DISTINCT" not in query["sql"]
                assert "OFFSET" not in query["sql"]


def test_the_error_uri_shows_the_receipt_to_readers(exchange: Exchange, carol: User) -> None:
    uri = json.loads(exchange(scope="write_everything").content)["error_uri"]
    response = signed_in(carol).get(uri, follow=True)
    page = response.content.decode()
    assert response.redirect_chain == [(uri.replace("http://localhost:8000", "/o/acme"), 302)]
    assert "Organization settings" in page
    assert "write_everything" in page
    assert "scope not grantable" in page
    assert f"{LOG}{AuditEvent.objects.get().pk}/change/" in page


def test_the_error_uri_tells_everybody_else_nothing_of_the_request(
    exchange: Exchange, bob: User, mallory: User
) -> None:
    uri = json.loads(exchange(scope="write_everything").content)["error_uri"]
    unknown = f"http://localhost:8000/requests/{uuid.uuid4()}"
    pages: list[str] = []
    for client in (Client(), signed_in(bob), signed_in(mallory)):
        found = set()
        for address in (uri, unknown):
            response = client.get(address)
            assert response.status_code == 200
            request_id = address.rsplit("/", 1)[1]
            assert request_id in response.content.decode()
            found.add(response.content.decode().replace(request_id, "ID"))
        assert len(found) == 1
        pages += found
    assert pages[0] == pages[1]
    assert "/o/globex/dry-run/" in pages[2]  # Mallory looks after an organization, though another one
    assert "acme" not in pages[2].lower()
    assert MintedToken.objects.count() == 0


def test_markup_in_an_event_is_shown_as_text(exchange: Exchange, carol: User) -> None:
    exchange(scope="<script>alert(1)</script>", extra={"HTTP_USER_AGENT": "<img src=x>"})
    event = AuditEvent.objects.get()
    for address in (LOG, f"{LOG}{event.pk}/change/"):
        page = signed_in(carol).get(address).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_page_says_how_long_events_are_kept(carol: User, settings: Settings) -> None:
    assert "Entries are kept for ever." in signed_in(carol).get(LOG).content.decode()
    settings.AUDIT_RETENTION_DAYS = 400
    assert "Entries are kept for 400 days." in signed_in(carol).get(LOG).content.decode()

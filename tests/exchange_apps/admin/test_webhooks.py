"""Webhooks in the portal: made, tried, paused and replayed by those who may, watched by auditors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook

from audit.models import AuditEvent
from audit.proof.sealing import seal_events
from exchange_apps.models import WebhookDelivery, WebhookEndpoint, WebhookProgress
from exchange_apps.services.webhooks.delivery import deliver_to
from tests.exchange_apps.admin.portal import WEBHOOKS, browser, page_of
from tests.exchange_apps.services.webhooks.conftest import authority, headers_of, receiver  # noqa: F401 - fixtures
from tests.jwks_host import JWKSHost, redirect_answer
from tests.world import World

ACTIONS = ("test", "pause", "resume", "rotate", "replay")


def form(receiver: JWKSHost, **changes: Any) -> dict[str, Any]:  # noqa: F811
    address = receiver.url("/hook", host="127.0.0.1")
    return {"name": "collector", "url": address, "format": "event", "types": "user_*\nACCESS_TOKEN_MINTED"} | changes


def secret_in(response: Any) -> str:
    found = re.search(r"whsec_[A-Za-z0-9+/=]+", response.content.decode())
    assert found is not None
    return found[0]


@pytest.fixture
def made(world: World, receiver: JWKSHost) -> tuple[WebhookEndpoint, str, Client]:  # noqa: F811
    client = browser(world.alice)
    response = client.post(f"{WEBHOOKS}add/", form(receiver))
    assert response.status_code == 200, response.context["adminform"].form.errors
    assert "no-store" in response["Cache-Control"]
    return WebhookEndpoint.objects.get(name="collector"), secret_in(response), client


def test_its_secret_is_shown_once_and_signs(
    made: tuple[WebhookEndpoint, str, Client],
    receiver: JWKSHost,  # noqa: F811
) -> None:
    webhook, secret, client = made
    assert webhook.types == ["USER_*", "ACCESS_TOKEN_MINTED"]
    page = client.get(page_of(webhook)).content.decode()
    assert "whsec_" not in page
    shown = client.post(page_of(webhook, "test"), follow=True).content.decode()
    assert "The test event was accepted" in shown
    (request,) = receiver.requests
    assert Webhook(secret).verify(request.body, headers_of(request))["actor"]["name"] == "alice@acme.test"
    rotated = secret_in(client.post(page_of(webhook, "rotate")))
    assert rotated != secret
    types = set(AuditEvent.objects.filter(subject_id=webhook.pk).values_list("type", flat=True))
    assert types == {"AUDIT_WEBHOOK_CREATED", "AUDIT_WEBHOOK_TESTED", "AUDIT_WEBHOOK_SECRET_ROTATED"}


def test_a_test_that_fails_says_why(
    made: tuple[WebhookEndpoint, str, Client],
    receiver: JWKSHost,  # noqa: F811
) -> None:
    webhook, _, client = made
    receiver.answer = redirect_answer("https://elsewhere.example/")
    shown = client.post(page_of(webhook, "test"), follow=True).content.decode()
    assert "Redirects are not followed" in shown


def test_it_is_paused_resumed_and_replayed(
    made: tuple[WebhookEndpoint, str, Client],
    receiver: JWKSHost,  # noqa: F811
) -> None:
    webhook, _, client = made
    assert "is paused" in client.post(page_of(webhook, "pause"), follow=True).content.decode()
    assert WebhookProgress.objects.get(pk=webhook.pk).paused_because == "person"
    assert "goes on" in client.post(page_of(webhook, "resume"), follow=True).content.decode()
    seal_events(now=timezone.now())
    deliver_to(webhook.pk, now=timezone.now())
    for field, value in (("sequence", "1"), ("since", "2020-01-01T00:00")):
        shown = client.post(page_of(webhook, "replay"), {field: value}, follow=True).content.decode()
        assert "Everything from event 1 on" in shown
    for nonsense in ({}, {"sequence": "-1"}, {"since": "2020-13-01T00:00"}, {"sequence": "9" * 30}):
        shown = client.post(page_of(webhook, "replay"), nonsense, follow=True).content.decode()
        assert "Give the number of an event" in shown
    assert deliver_to(webhook.pk, now=timezone.now()) > 0


def test_a_try_is_sent_again_by_its_button(
    made: tuple[WebhookEndpoint, str, Client],
    receiver: JWKSHost,  # noqa: F811
) -> None:
    webhook, _, client = made
    seal_events(now=timezone.now())
    mint = AuditEvent.objects.get(type="ACCESS_TOKEN_MINTED")
    again = f"{page_of(webhook, 'events')}{mint.pk}/again/"
    assert "The event was accepted" in client.post(again, follow=True).content.decode()
    assert WebhookDelivery.objects.get(endpoint=webhook).kind == "again"
    gone = f"{page_of(webhook, 'events')}{webhook.pk}/again/"
    assert "not in the log" in client.post(gone, follow=True).content.decode()


def test_an_auditor_watches_and_neither_changes_nor_sees_what_may_be_secret(world: World) -> None:
    webhook, client = WebhookEndpoint.objects.get(), browser(world.carol)
    page = client.get(page_of(webhook)).content.decode()
    assert "HTTP 500" in page
    assert "Set aside" in page
    assert "s3cret" not in page
    assert "<button" not in page.split("<main")[1].split("</main")[0]
    for action in ACTIONS:
        assert client.post(page_of(webhook, action)).status_code == 403, action
    assert "s3cret" not in client.get(WEBHOOKS).content.decode()


def test_others_reach_nothing(world: World) -> None:
    webhook = WebhookEndpoint.objects.get()
    for name, expected in (("bob", 403), ("mallory", 404)):
        for action in ACTIONS:
            assert browser(world.person(name)).post(page_of(webhook, action)).status_code == expected, (name, action)
    for action in ACTIONS:
        assert browser(world.mallory).post(page_of(webhook, action, slug="globex")).status_code == 404
    webhook.refresh_from_db()
    assert webhook.previous_secret == ""
    assert WebhookProgress.objects.get().paused_because == "failures"


def test_nothing_happens_by_a_get(world: World) -> None:
    webhook, client = WebhookEndpoint.objects.get(), browser(world.olga)
    for action in ACTIONS:
        assert client.get(page_of(webhook, action)).status_code == 302
    assert AuditEvent.objects.filter(subject_id=webhook.pk).count() == 0


def test_what_the_form_refuses_is_said_at_its_field(world: World, receiver: JWKSHost) -> None:  # noqa: F811
    client = browser(world.alice)
    for field, value, said in (
        ("url", "https://10.0.0.1/", "must not be contacted"),
        ("url", "ftp://example.com/", "https"),
        ("types", "ACCESS_TOKEN_MINTD", "Did you mean ACCESS_TOKEN_MINTED?"),
        ("name", "siem", "has this name"),
    ):
        response = client.post(f"{WEBHOOKS}add/", form(receiver, **{field: value}))
        assert said in response.content.decode(), field
    assert WebhookEndpoint.objects.count() == 1


def test_a_change_and_a_deletion_are_recorded_without_the_query(world: World, receiver: JWKSHost) -> None:  # noqa: F811
    webhook, client = WebhookEndpoint.objects.get(), browser(world.alice)
    address = receiver.url("/hook?key=0ther", host="127.0.0.1")
    assert client.post(page_of(webhook), form(receiver, url=address)).status_code == 302
    assert client.post(page_of(webhook, "delete"), {"post": "yes"}).status_code == 302
    events = AuditEvent.objects.filter(subject_id=webhook.pk).order_by("id")
    assert [event.type for event in events] == ["AUDIT_WEBHOOK_UPDATED", "AUDIT_WEBHOOK_DELETED"]
    assert not any(word in str(event.data) for event in events for word in ("s3cret", "0ther", "whsec"))

"""Sending again: from a place or a time, one event, and tests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone
from standardwebhooks import Webhook

from audit.models import AuditEvent, AuditSeal
from exchange_apps.models import Organization, WebhookDeadLetter, WebhookDelivery
from exchange_apps.services.webhooks.again import BY_HAND_PER_MINUTE, place_at, send_again, send_test
from exchange_apps.services.webhooks.delivery import deliver_to
from exchange_apps.services.webhooks.endpoints import MOST_WEBHOOKS, move_webhook
from tests.exchange_apps.services.webhooks.conftest import (
    Hook,
    MakeHook,
    author,
    bodies,
    happen,
    headers_of,
    numbers,
)
from tests.jwks_host import JWKSHost, status_answer

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_replay_sends_all_from_there_on_in_order(hook: Hook, receiver: JWKSHost, acme: Organization) -> None:
    happen(acme, 5)
    deliver_to(hook.endpoint.pk, now=timezone.now())
    third = AuditSeal.objects.filter(chain=acme.pk).order_by("sequence").values_list("sequence", flat=True)[3]
    move_webhook(hook.endpoint, third, author=author())
    deliver_to(hook.endpoint.pk, now=timezone.now())
    assert numbers(receiver) == [0, 1, 2, 3, 4, 2, 3, 4]
    event = AuditEvent.objects.get(type="AUDIT_WEBHOOK_REPLAYED")
    assert event.data == {"from_sequence": third, "was_at": third + 2}


def test_a_time_is_found_in_the_chain(hook: Hook, acme: Organization) -> None:
    happen(acme, 3)
    assert place_at(hook.endpoint, timezone.now() - timedelta(hours=1)) == 1
    end = AuditSeal.objects.filter(chain=acme.pk).count()
    assert place_at(hook.endpoint, timezone.now() + timedelta(hours=1)) == end + 1


def test_one_event_is_sent_again_by_itself(hook: Hook, receiver: JWKSHost, acme: Organization) -> None:
    happen(acme, 3)
    deliver_to(hook.endpoint.pk, now=timezone.now())
    place = hook.endpoint.progress
    place.refresh_from_db()
    second = receiver.requests[1]
    again = AuditEvent.objects.get(pk=second.headers["webhook-id"])
    WebhookDeadLetter.objects.create(
        endpoint=hook.endpoint,
        event_id=again.pk,
        event_type=again.type,
        sequence=3,
        tries=9,
        parked_at=timezone.now(),
        sentence="",
    )
    attempt = send_again(hook.endpoint, again.pk, author=author())
    assert attempt is not None
    assert attempt.is_delivered
    assert receiver.requests[-1].body == second.body
    assert not WebhookDeadLetter.objects.exists()
    before = place.delivered_sequence
    place.refresh_from_db()
    assert place.delivered_sequence == before


def test_events_of_others_are_not_sent_again(hook: Hook, receiver: JWKSHost, globex: Organization) -> None:
    happen(globex)
    foreign = AuditEvent.objects.filter(organization_id=globex.pk).get()
    assert send_again(hook.endpoint, foreign.pk, author=author()) is None
    assert receiver.requests == []


def test_a_test_event_is_signed_and_recorded_with_its_outcome(hook: Hook, receiver: JWKSHost) -> None:
    assert send_test(hook.endpoint, author=author()).is_delivered
    (request,) = receiver.requests
    body = Webhook(hook.secret).verify(request.body, headers_of(request))
    assert (body["type"], body["data"]) == ("AUDIT_WEBHOOK_TESTED", {"test": True})
    receiver.answer = status_answer(500)
    assert not send_test(hook.endpoint, author=author()).is_delivered
    outcomes = AuditEvent.objects.filter(type="AUDIT_WEBHOOK_TESTED").order_by("id").values_list("outcome", "reason")
    assert list(outcomes) == [("success", ""), ("failed", "unexpected_status")]
    assert WebhookDelivery.objects.filter(kind="test").count() == 2


def test_the_button_is_no_means_to_flood_somebody(hook: Hook, receiver: JWKSHost) -> None:
    for _ in range(BY_HAND_PER_MINUTE):
        send_test(hook.endpoint, author=author())
    with pytest.raises(ValidationError):
        send_test(hook.endpoint, author=author())
    assert len(receiver.requests) == BY_HAND_PER_MINUTE


def test_in_ecs_the_same_event_comes_in_other_words(
    receiver: JWKSHost, acme: Organization, make_hook: MakeHook
) -> None:
    hook = make_hook(format="ecs", types=["ORGANIZATION_UPDATED"])
    happen(acme)
    deliver_to(hook.endpoint.pk, now=timezone.now())
    (body,) = bodies(receiver)
    assert (body["event"]["action"], body["organization"]["name"]) == ("ORGANIZATION_UPDATED", "acme")
    assert body["event"]["id"] == receiver.requests[0].headers["webhook-id"]
    Webhook(hook.secret).verify(receiver.requests[0].body, headers_of(receiver.requests[0]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://93.184.215.14/"},
        {"url": "https://user:secret@example.test/"},
        {"url": "https://10.0.0.1/"},
        {"url": "https://169.254.169.254/"},
        {"types": ["TOKEN_EXCHANGE_DENIDE"]},
        {"types": ["NOTHING_*"]},
        {"format": "cef"},
        {"name": ""},
    ],
)
def test_what_cannot_be_is_refused(acme: Organization, make_hook: MakeHook, wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        make_hook(**wrong)
    assert not AuditEvent.objects.exists()


def test_there_is_a_limit(acme: Organization, make_hook: MakeHook) -> None:
    for number in range(MOST_WEBHOOKS):
        make_hook(f"hook {number}")
    with pytest.raises(ValidationError):
        make_hook("one more")

"""What arrives at a receiver, in which order, and what happens when it does not take it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from audit.actions import AuditAction
from audit.models import AuditEvent, AuditSeal
from audit.proof.sealed_event import SealedEvent
from exchange_apps.domain.webhook_retries import MOST_TRIES, RETRY_AFTER
from exchange_apps.models import Organization, WebhookDeadLetter, WebhookDelivery, WebhookProgress
from exchange_apps.services.webhooks import delivery
from exchange_apps.services.webhooks.delivery import deliver_to
from exchange_apps.services.webhooks.endpoints import resume_webhook, rotate_secret
from exchange_apps.services.webhooks.rounds import _due
from tests.exchange_apps.services.webhooks.conftest import (
    Hook,
    MakeHook,
    author,
    bodies,
    happen,
    headers_of,
    numbers,
)
from tests.jwks_host import JWKSHost, Visit, hanging_answer, redirect_answer, status_answer

pytestmark = pytest.mark.django_db(transaction=True)


def deliver(hook: Hook, later: timedelta = timedelta()) -> int:
    return deliver_to(hook.endpoint.pk, now=timezone.now() + later)


def progress(hook: Hook) -> WebhookProgress:
    return WebhookProgress.objects.get(pk=hook.endpoint.pk)


def test_an_independent_library_accepts_the_signature(hook: Hook, receiver: JWKSHost, acme: Organization) -> None:
    happen(acme)
    assert deliver(hook) == 1
    (request,) = receiver.requests
    assert (request.method, request.path) == ("POST", "/hook")
    assert request.headers["content-type"] == "application/json"
    verified = Webhook(hook.secret).verify(request.body, headers_of(request))
    assert verified["uuid"] == request.headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(request.body.replace(b"number", b"numbex"), headers_of(request))


def test_what_arrives_is_a_line_of_an_export_and_verifies_like_one(
    hook: Hook, receiver: JWKSHost, acme: Organization
) -> None:
    happen(acme, 3)
    deliver(hook)
    lines = [SealedEvent.of(body) for body in bodies(receiver)]
    assert all(line.is_intact for line in lines)
    assert [line.previous for line in lines[1:]] == [line.hash for line in lines[:-1]]


def test_events_come_in_the_order_of_the_seals_and_never_pass_one_that_fails(
    hook: Hook, receiver: JWKSHost, acme: Organization
) -> None:
    happen(acme, 6)
    answers = iter([204, 500, 503, 200, 404, 202])

    def moody(visit: Visit) -> None:
        visit.respond(next(answers, 200))

    receiver.answer = moody
    later = timedelta()
    for _ in range(6):
        deliver(hook, later)
        later += timedelta(hours=1)
    assert numbers(receiver) == [0, 1, 1, 1, 2, 2, 3, 4, 5]
    assert progress(hook).failing_since is None


def test_a_new_webhook_is_sent_what_happens_from_now_on(
    acme: Organization, receiver: JWKSHost, make_hook: MakeHook
) -> None:
    happen(acme, 3)
    hook = make_hook()
    happen(acme, 1)
    deliver(hook)
    assert [body["type"] for body in bodies(receiver)] == ["AUDIT_WEBHOOK_CREATED", "ORGANIZATION_UPDATED"]
    assert hook.secret not in json.dumps(bodies(receiver))


def test_only_the_chosen_types_are_sent_and_the_others_passed_by(
    acme: Organization, receiver: JWKSHost, make_hook: MakeHook
) -> None:
    hook = make_hook(types=["TOKEN_EXCHANGE_*", "SCOPE_CREATED"])
    happen(acme, 60)
    happen(acme, 1, AuditAction.SCOPE_CREATED)
    happen(acme, 1, AuditAction.TOKEN_EXCHANGE_APP_CREATED)
    happen(acme, 5)
    assert deliver(hook) == 2
    assert [body["type"] for body in bodies(receiver)] == ["SCOPE_CREATED", "TOKEN_EXCHANGE_APP_CREATED"]
    assert progress(hook).delivered_sequence == AuditSeal.objects.filter(chain=acme.pk).count()


def test_nothing_of_another_organization_is_sent(
    acme: Organization, globex: Organization, hook: Hook, receiver: JWKSHost
) -> None:
    happen(globex, 3)
    happen(acme, 1)
    deliver(hook)
    assert {body["organization"]["slug"] for body in bodies(receiver)} == {"acme"}


def test_it_waits_longer_after_each_try_then_sets_the_event_aside_and_pauses(
    hook: Hook, receiver: JWKSHost, acme: Organization
) -> None:
    happen(acme, 2)
    receiver.answer = status_answer(500)
    now = timezone.now()
    for number, wait in enumerate([*RETRY_AFTER, None], start=1):
        deliver_to(hook.endpoint.pk, now=now)
        state = progress(hook)
        assert state.tries == number
        if wait is not None:
            assert hook.endpoint.pk not in _due(now + wait - timedelta(seconds=1))
            now += wait + timedelta(seconds=1)
            assert hook.endpoint.pk in _due(now)
    assert (state.paused_because, len(receiver.requests)) == ("failures", MOST_TRIES)
    assert hook.endpoint.pk not in _due(now + timedelta(days=30))
    letter = WebhookDeadLetter.objects.get()
    assert (letter.tries, letter.endpoint_id) == (MOST_TRIES, hook.endpoint.pk)
    assert "HTTP 500" in letter.sentence
    event = AuditEvent.objects.get(type="AUDIT_WEBHOOK_PAUSED")
    assert (event.outcome, event.reason, event.subject_id) == ("failed", "failures", hook.endpoint.pk)


def test_resumed_it_goes_on_with_the_event_set_aside(hook: Hook, receiver: JWKSHost, acme: Organization) -> None:
    happen(acme, 2)
    receiver.answer = status_answer(410)
    deliver(hook)
    assert progress(hook).paused_because == "gone"  # at once
    assert deliver(hook) == 0
    receiver.answer = status_answer(200)
    assert resume_webhook(hook.endpoint, author=author())
    assert deliver(hook) == 2
    assert numbers(receiver) == [0, 0, 1]
    assert not WebhookDeadLetter.objects.exists()
    assert not resume_webhook(hook.endpoint, author=author())


def test_resumed_behind_it_the_event_stays_aside(hook: Hook, receiver: JWKSHost, acme: Organization) -> None:
    happen(acme, 2)
    receiver.answer = status_answer(410)
    deliver(hook)
    receiver.answer = status_answer(200)
    receiver.requests.clear()
    resume_webhook(hook.endpoint, author=author(), skip=True)
    deliver(hook)
    assert bodies(receiver)[0]["data"] == {"number": 1}
    assert WebhookDeadLetter.objects.count() == 1


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (redirect_answer("https://elsewhere.example/"), "redirected"),
        (status_answer(304), "unexpected_status"),
        (status_answer(418), "unexpected_status"),
        (lambda visit: visit.send(b"nonsense\r\n\r\n"), "broken_answer"),
    ],
)
def test_anything_but_2xx_is_a_refusal(
    hook: Hook, receiver: JWKSHost, acme: Organization, answer: Any, result: str
) -> None:
    happen(acme)
    receiver.answer = answer
    assert deliver(hook) == 0
    assert WebhookDelivery.objects.get().result == result
    assert len(receiver.requests) == 1


def test_private_addresses_are_not_asked(hook: Hook, receiver: JWKSHost, acme: Organization, settings: Any) -> None:
    happen(acme)
    settings.OUTBOUND_ALLOWED_NETWORKS = ()
    assert deliver(hook) == 0
    assert receiver.connections == 0
    assert WebhookDelivery.objects.get().result == "address_refused"


def test_a_receiver_that_hangs_is_left_alone(
    hook: Hook, receiver: JWKSHost, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("exchange_apps.services.webhooks.messages.TRY_SECONDS", 0.2)
    happen(acme)
    receiver.answer = hanging_answer()
    assert deliver(hook) == 0
    assert WebhookDelivery.objects.get().result == "timed_out"


def test_for_a_day_after_a_rotation_both_secrets_verify(hook: Hook, receiver: JWKSHost, acme: Organization) -> None:
    new = rotate_secret(hook.endpoint, author=author())
    happen(acme)
    deliver(hook)
    deliver(hook, timedelta(hours=25))
    for secret in (hook.secret, new):
        Webhook(secret).verify(receiver.requests[0].body, headers_of(receiver.requests[0]))
    happen(acme)
    deliver(hook, timedelta(hours=25))
    last = receiver.requests[-1]
    Webhook(new).verify(last.body, headers_of(last))
    with pytest.raises(WebhookVerificationError):
        Webhook(hook.secret).verify(last.body, headers_of(last))


def test_secrets_rest_encrypted_and_are_in_no_event(hook: Hook) -> None:
    rotated = rotate_secret(hook.endpoint, author=author())
    hook.endpoint.refresh_from_db()
    stored = (
        hook.endpoint.secret + hook.endpoint.previous_secret + json.dumps(list(AuditEvent.objects.values_list("data")))
    )
    for secret in (hook.secret, rotated):
        assert secret.startswith("whsec_")
        assert secret not in stored
        assert secret.removeprefix("whsec_") not in stored


def test_only_the_last_tries_are_kept(
    hook: Hook, acme: Organization, receiver: JWKSHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "KEPT_DELIVERIES", 3)
    happen(acme, 6)
    deliver(hook)
    assert list(WebhookDelivery.objects.order_by("sequence").values_list("status", flat=True)) == [204] * 3


def test_a_deleted_organization_is_sent_nothing_more(hook: Hook, acme: Organization, receiver: JWKSHost) -> None:
    happen(acme)
    acme.memberships.all().delete()
    acme.delete()
    assert deliver(hook) == 0
    assert receiver.requests == []

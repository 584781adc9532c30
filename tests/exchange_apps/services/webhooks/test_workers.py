"""Several workers at once, slow receivers, and kill -9 between a delivery and the note of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from exchange_apps.models import Organization, WebhookProgress
from exchange_apps.services.webhooks.claims import HELD_FOR
from exchange_apps.services.webhooks.delivery import deliver_to
from exchange_apps.services.webhooks.endpoints import move_webhook, pause_webhook
from exchange_apps.services.webhooks.rounds import deliver_due
from tests.conftest import ROOT, at_once
from tests.exchange_apps.services.webhooks.conftest import (
    ADDRESS,
    Hook,
    MakeHook,
    author,
    happen,
    numbers,
)
from tests.jwks_host import JWKSHost, Visit

WORKER = """
import django, uuid; django.setup()
from django.utils import timezone
from exchange_apps.services.webhooks.delivery import deliver_to
print(deliver_to(uuid.UUID("{endpoint}"), now=timezone.now()))
"""


def test_two_workers_never_deliver_the_same_endpoint_at_once(
    shared_database: str, hook: Hook, receiver: JWKSHost, acme: Organization
) -> None:
    happen(acme, 12)
    accepted = at_once(4, lambda _: deliver_to(hook.endpoint.pk, now=timezone.now()))
    while sum(accepted) < 12:  # whoever came first may have seen less than all
        accepted.append(deliver_to(hook.endpoint.pk, now=timezone.now()))
    assert numbers(receiver) == list(range(12))


def test_a_slow_receiver_holds_nobody_up(
    shared_database: str, make_hook: MakeHook, receiver: JWKSHost, acme: Organization
) -> None:
    make_hook("slow", url=receiver.url("/slow", host=ADDRESS), types=["ORGANIZATION_UPDATED"])
    make_hook("quick", url=receiver.url("/quick", host=ADDRESS), types=["ORGANIZATION_UPDATED"])
    arrived: dict[str, list[float]] = {"/slow": [], "/quick": []}
    began = time.monotonic()

    def answer(visit: Visit) -> None:
        if visit.request.path == "/slow":
            time.sleep(1.0)
        visit.respond(204)
        arrived[visit.request.path].append(time.monotonic() - began)

    receiver.answer = answer
    happen(acme, 5)
    began = time.monotonic()
    deliver_due(now=timezone.now(), most_seconds=1.5)
    assert len(arrived["/quick"]) == 5
    assert arrived["/quick"][-1] < arrived["/slow"][0] + 0.5
    assert len(arrived["/slow"]) == 2  # no try begins after the time of the round


def test_killed_before_it_could_note_a_delivery_it_delivers_again(
    shared_database: str, hook: Hook, receiver: JWKSHost, acme: Organization, settings: Any
) -> None:
    happen(acme, 4)
    environment = os.environ | {
        "DATABASE_URL": shared_database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "OUTBOUND_CA_BUNDLE": settings.OUTBOUND_CA_BUNDLE,
    }

    def kill_at_the_third(visit: Visit) -> None:
        if len(receiver.requests) == 3:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
        visit.respond(204)

    receiver.answer = kill_at_the_third
    command = [sys.executable, "-c", WORKER.format(endpoint=hook.endpoint.pk)]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _, trouble = worker.communicate(timeout=60)
    assert worker.returncode == -signal.SIGKILL, trouble.decode()
    assert numbers(receiver) == [0, 1, 2]
    assert deliver_to(hook.endpoint.pk, now=timezone.now()) == 0  # the dead worker still holds its claim
    assert deliver_to(hook.endpoint.pk, now=timezone.now() + HELD_FOR + timedelta(seconds=5)) == 2
    assert numbers(receiver) == [0, 1, 2, 2, 3]
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids[2] == ids[3]


@pytest.mark.django_db(transaction=True)
def test_a_pause_during_a_delivery_stops_the_worker_behind_it(
    hook: Hook, receiver: JWKSHost, acme: Organization
) -> None:
    happen(acme, 3)

    def paused_meanwhile(visit: Visit) -> None:
        visit.respond(204)

    receiver.answer = paused_meanwhile
    before = hook.endpoint.progress.delivered_sequence
    pause_webhook(hook.endpoint, author=author())
    assert deliver_to(hook.endpoint.pk, now=timezone.now()) == 0
    assert WebhookProgress.objects.get().delivered_sequence >= before
    assert receiver.requests == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_claim_is_taken_away_writes_nothing(
    hook: Hook, receiver: JWKSHost, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A replay in the middle of a try is not overwritten by what that try had in mind."""
    from exchange_apps.services.webhooks import delivery

    happen(acme, 2)
    real = delivery.send

    def replayed_meanwhile(*args: Any, **options: Any) -> Any:
        answer = real(*args, **options)
        move_webhook(hook.endpoint, 1, author=author())
        return answer

    monkeypatch.setattr(delivery, "send", replayed_meanwhile)
    assert deliver_to(hook.endpoint.pk, now=timezone.now()) == 0
    assert WebhookProgress.objects.get().delivered_sequence == 0

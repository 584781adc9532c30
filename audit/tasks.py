"""The periodic jobs of the log. Each is safe to run twice at once, and to be killed at any moment."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from audit.proof.checkpoints import sign_checkpoints
from audit.proof.retention import prune_log
from audit.proof.sealing import seal_events, sweep
from audit.search.index import index_sealed_events
from audit.stream import stream_events


@shared_task(name="audit.seal")
def seal_task() -> int:
    return seal_events(now=timezone.now())


@shared_task(name="audit.sign_checkpoints")
def sign_checkpoints_task() -> int:
    """What is sealed until now is signed, and a slice of the log looked through once more."""
    now = timezone.now()
    sweep(now=now)
    seal_events(now=now)
    return sign_checkpoints(now=now)


@shared_task(name="audit.prune_log")
def prune_log_task() -> int:
    return prune_log(now=timezone.now())


@shared_task(name="audit.index")
def index_task() -> int:
    return index_sealed_events()


@shared_task(name="audit.stream")
def stream_task() -> int:
    return stream_events(now=timezone.now())

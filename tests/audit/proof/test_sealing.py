"""Every committed event gets one place in the chain of its organization, and what was sealed is signed."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditCheckpoint, AuditEvent, AuditSeal, AuditSealer
from audit.proof import checkpoints, sealing
from audit.proof.checkpoint_jws import checkpoint_digest, unverified_payload
from audit.proof.hash_chain import INSTALLATION, genesis
from tests.audit.proof import log

pytestmark = pytest.mark.django_db


def sequences(chain: uuid.UUID) -> list[int]:
    return list(AuditSeal.objects.filter(chain=chain).order_by("sequence").values_list("sequence", flat=True))


def test_each_organization_has_a_chain_of_its_own_and_so_has_the_installation() -> None:
    log.write(3)
    log.write(2, organization=log.GLOBEX)
    log.write(1, organization=None)
    log.seal()
    assert sequences(log.ACME.uuid) == [1, 2, 3]
    assert sequences(log.GLOBEX.uuid) == [1, 2]
    assert sequences(INSTALLATION) == [1]
    assert AuditSeal.objects.get(chain=log.ACME.uuid, sequence=1).previous == genesis(log.ACME.uuid)


def test_sealing_goes_on_where_it_ended_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 3)
    log.write(8)
    log.seal()
    log.write(5)
    log.seal()
    assert sequences(log.ACME.uuid) == list(range(1, 14))
    log.sign()
    assert log.verify() == []


def test_an_event_that_becomes_visible_late_gets_a_later_place() -> None:
    log.write(2)
    log.seal()
    (late,) = log.write(at=timezone.now() - timedelta(seconds=50))
    log.seal()
    assert AuditSeal.objects.get(pk=late).sequence == 3


def test_one_that_is_later_than_the_first_look_is_found_by_the_second() -> None:
    log.write(2)
    log.seal()
    log.write(1)
    log.seal()
    (late,) = log.write(at=timezone.now() - timedelta(hours=1))
    log.seal()
    assert not AuditSeal.objects.filter(pk=late).exists()
    assert sealing.sweep(now=timezone.now()) == 1
    assert AuditSeal.objects.get(pk=late).sequence == 4


def test_the_second_look_goes_through_the_log_in_slices_and_begins_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SWEEP", 4)
    log.write(10, at=timezone.now() - timedelta(hours=2))
    log.seal()
    log.write(1)
    log.seal()
    late = [log.write(at=timezone.now() - timedelta(hours=2, seconds=second))[0] for second in (1, 5, 8)]
    for _ in range(8):
        sealing.sweep(now=timezone.now())
    assert AuditSeal.objects.filter(pk__in=late).count() == 3
    assert AuditSealer.objects.get().swept_to <= AuditSealer.objects.get().look_from


def test_of_two_sealers_that_saw_the_same_one_writes() -> None:
    log.write(2)
    state, _ = AuditSealer.objects.get_or_create(pk=1)
    rows = list(sealing.unsealed_events(state.look_from))
    assert sealing._write(state, rows, look_from=state.look_from) == 2
    assert sealing._write(state, rows, look_from=state.look_from) == 0
    assert sequences(log.ACME.uuid) == [1, 2]


def test_an_idle_installation_writes_nothing() -> None:
    log.write(2)
    log.seal()
    generation = AuditSealer.objects.get().generation
    log.seal()
    sealing.sweep(now=timezone.now())
    assert AuditSealer.objects.get().generation == generation


def test_a_checkpoint_signs_what_was_sealed_since_the_one_before() -> None:
    log.write(3)
    log.sign()
    log.sign()
    log.write(2)
    log.sign()
    first, second = AuditCheckpoint.objects.filter(chain=log.ACME.uuid).order_by("last_sequence")
    payload = unverified_payload(second.jws)
    assert payload is not None
    assert (payload["from"], payload["to"], payload["organization"]) == (4, 5, str(log.ACME.uuid))
    assert payload["previous"] == checkpoint_digest(first.jws)
    assert payload["head"] == bytes(AuditSeal.objects.get(chain=log.ACME.uuid, sequence=5).hash).hex()
    assert log.keys().open(second.jws) == payload


def test_a_long_span_is_signed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LARGEST_SPAN", 4)
    log.write(10)
    log.sign()
    spans = AuditCheckpoint.objects.filter(chain=log.ACME.uuid).order_by("last_sequence")
    assert [(c.first_sequence, c.last_sequence) for c in spans] == [(1, 4), (5, 8), (9, 10)]
    assert log.verify() == []


def test_nobody_signs_over_missing_seals(caplog: pytest.LogCaptureFixture) -> None:
    log.write(3)
    log.seal()
    chain = log.chain()
    chain.sequence = 4
    chain.save()
    log.sign()
    assert not AuditCheckpoint.objects.filter(chain=log.ACME.uuid).exists()
    assert "seals are missing" in caplog.text


def test_the_seal_of_a_recorded_event_holds_for_what_is_read_back() -> None:
    log.write(20)
    log.sign()  # makes a key, which is recorded too
    log.seal()
    assert AuditEvent.objects.count() == AuditSeal.objects.count() >= 20
    assert log.verify() == []

"""Checkpoints: each minute the issuer signs, for every chain that grew, what was sealed since the last one."""

from __future__ import annotations

import logging
import time
from datetime import datetime

from django.db import transaction
from django.db.models import F

from audit.export_line import iso_time
from audit.models import AuditChain, AuditCheckpoint, AuditSeal
from audit.proof.canonical_json import canonical_json
from audit.proof.checkpoint_jws import CHECKPOINT_TYPE, checkpoint_digest
from audit.proof.hash_chain import INSTALLATION
from audit.proof.merkle import MerkleRoot
from audit.proof.needs import CheckpointSigner, checkpoint_signer, writers_turn

LARGEST_SPAN = 10_000
"""Events under one checkpoint: what the proof of one event has to read."""

log = logging.getLogger(__name__)


def sign_checkpoints(*, now: datetime, most_seconds: float = 45.0) -> int:
    """Sign what was sealed and is not signed yet; answers how many checkpoints that made."""
    deadline, signer, signed = time.monotonic() + most_seconds, checkpoint_signer(), 0
    grown = AuditChain.objects.filter(sequence__gt=F("signed_sequence"))
    for chain in list(grown):
        while chain.signed_sequence < chain.sequence and time.monotonic() < deadline:
            checkpoint = _next_checkpoint(chain, signer, now)
            if checkpoint is None or not _keep(checkpoint, chain):
                break
            chain.signed_sequence = checkpoint.last_sequence
            signed += 1
    return signed


def _keep(checkpoint: AuditCheckpoint, chain: AuditChain) -> bool:
    """Write it, unless another signer was quicker."""
    as_read = AuditChain.objects.filter(pk=chain.pk, signed_sequence=chain.signed_sequence)
    with writers_turn(), transaction.atomic():
        if not as_read.update(signed_sequence=checkpoint.last_sequence):
            return False
        checkpoint.save()
    return True


def _next_checkpoint(chain: AuditChain, signer: CheckpointSigner, now: datetime) -> AuditCheckpoint | None:
    """The next span of a chain, signed; None where seals are missing, which nobody must sign away."""
    before = AuditCheckpoint.objects.filter(chain=chain.pk).order_by("-last_sequence").first()
    first = before.last_sequence + 1 if before else 1
    last = min(chain.sequence, first + LARGEST_SPAN - 1)
    seals = AuditSeal.objects.filter(chain=chain.pk, sequence__range=(first, last)).order_by("sequence")
    tree, head, count = MerkleRoot(), b"", 0
    for digest in seals.values_list("hash", flat=True).iterator(chunk_size=2000):
        head = bytes(digest)
        tree.add(head)
        count += 1
    if count != last - first + 1:
        log.error("audit seals are missing, no checkpoint was signed", extra={"chain": str(chain.pk), "from": first})
        return None
    payload = {
        "version": 1,
        "organization": None if chain.pk == INSTALLATION else str(chain.pk),
        "from": first,
        "to": last,
        "head": head.hex(),
        "root": tree.digest().hex(),
        "time": iso_time(now.replace(microsecond=now.microsecond // 1000 * 1000)),
        "previous": checkpoint_digest(before.jws) if before else None,
    }
    jws = signer.sign(canonical_json(payload), typ=CHECKPOINT_TYPE)
    return AuditCheckpoint(chain=chain.pk, first_sequence=first, last_sequence=last, created_at=now, jws=jws)

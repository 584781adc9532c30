"""Making the proof of one event: its sealed line, the signed checkpoint, and the path from one to the other."""

from __future__ import annotations

import uuid
from typing import Any

from audit.export_line import COLUMNS, event_document
from audit.models import AuditCheckpoint, AuditEvent, AuditSeal
from audit.proof.database_log import seal_document
from audit.proof.merkle import inclusion_path, leaf_hash


class NoProof(LookupError):
    """There is none yet, or no longer."""


def prove_event(event_id: uuid.UUID) -> dict[str, Any]:
    """What `refused_proof` checks; raises NoProof with a sentence."""
    event = AuditEvent.objects.filter(pk=event_id).values_list(*COLUMNS).first()
    seal = AuditSeal.objects.filter(pk=event_id).first()
    if event is None:
        raise NoProof("There is no such event.")
    if seal is None:
        raise NoProof("The event is not sealed yet: try again in a minute.")
    place = {"chain": seal.chain, "last_sequence__gte": seal.sequence}
    checkpoint = AuditCheckpoint.objects.filter(**place).order_by("last_sequence").first()
    if checkpoint is None:
        raise NoProof("The event is sealed and not signed yet: try again in a minute.")
    span = (checkpoint.first_sequence, checkpoint.last_sequence)
    seals = AuditSeal.objects.filter(chain=seal.chain, sequence__range=span).order_by("sequence")
    leaves = [leaf_hash(bytes(digest)) for digest in seals.values_list("hash", flat=True)]
    index = seal.sequence - checkpoint.first_sequence
    return {
        "event": event_document(*event) | {"seal": seal_document(seal)},
        "inclusion": {
            "leaf_index": index,
            "tree_size": len(leaves),
            "path": [sibling.hex() for sibling in inclusion_path(leaves, index)],
        },
        "checkpoint": checkpoint.jws,
    }

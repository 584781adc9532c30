"""The rows of the proof: seals, checkpoints and retentions, never changed; and where the sealer stands."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models

from audit.append_only import AppendOnlyModel, AppendOnlyQuerySet
from audit.identifiers import uuid7


class AuditSeal(AppendOnlyModel):
    """An event's place in the chain of its organization. The nil UUID is the chain of events without one."""

    event_id = models.UUIDField(primary_key=True)
    chain = models.UUIDField()
    sequence = models.PositiveBigIntegerField()
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)

    objects: ClassVar[models.Manager[AuditSeal]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("chain", "sequence"), name="audit_one_seal_for_a_place"),)

    def __str__(self) -> str:
        return f"{self.chain} {self.sequence}"


class AuditCheckpoint(AppendOnlyModel):
    """What the issuer signed about a span of a chain; it outlives the events of the span."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    chain = models.UUIDField()
    first_sequence = models.PositiveBigIntegerField()
    last_sequence = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()
    jws = models.TextField()

    objects: ClassVar[models.Manager[AuditCheckpoint]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("chain", "first_sequence"), name="audit_one_checkpoint_from_a_place"),
            models.UniqueConstraint(fields=("chain", "last_sequence"), name="audit_one_checkpoint_to_a_place"),
        )

    def __str__(self) -> str:
        return f"{self.chain} {self.first_sequence}–{self.last_sequence}"


class AuditRetention(AppendOnlyModel):
    """The one door in the log's triggers: whole sealed spans, oldest first, whose events may go."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    chain = models.UUIDField()
    first_sequence = models.PositiveBigIntegerField()
    last_sequence = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    objects: ClassVar[models.Manager[AuditRetention]] = AppendOnlyQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("chain", "last_sequence"), name="audit_one_retention_to_a_place"),
        )

    def __str__(self) -> str:
        return f"{self.chain} {self.first_sequence}–{self.last_sequence}"


class AuditChain(models.Model):
    """The end of a chain, so that the sealer need not look for it. No proof rests on this row."""

    id = models.UUIDField(primary_key=True)
    slug = models.CharField(max_length=63, blank=True)
    sequence = models.PositiveBigIntegerField()
    hash = models.BinaryField(max_length=32)
    signed_sequence = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return self.slug or "installation"


class AuditSealer(models.Model):
    """One row: from which event on the sealer looks, and how far its slow second look has come."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    generation = models.PositiveBigIntegerField(default=0)
    look_from = models.UUIDField(default=uuid.UUID(int=0))
    swept_to = models.UUIDField(default=uuid.UUID(int=0))

    def __str__(self) -> str:
        return f"from {self.look_from}"

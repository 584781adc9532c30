"""What the search index keeps of the log (audit/search/index.py). Made of the sealed events, it can be made again."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models


class SearchChain(models.Model):
    """How far a chain is indexed, and a short number for it in the rows below."""

    number = models.AutoField(primary_key=True)
    chain = models.UUIDField(unique=True)
    indexed_to = models.PositiveBigIntegerField(default=0)
    newest_id = models.UUIDField(default=uuid.UUID(int=0))  # of the events indexed
    gone_to = models.PositiveBigIntegerField(default=0)  # what retention let go

    objects: ClassVar[models.Manager[SearchChain]]

    def __str__(self) -> str:
        return f"{self.chain} to {self.indexed_to}"


class SearchPosting(models.Model):
    """Which events of a chunk of a chain have a term: a Roaring bitmap of their places (audit/search/places.py)."""

    pk = models.CompositePrimaryKey("chain", "chunk", "term")
    chain = models.PositiveIntegerField()
    chunk = models.PositiveIntegerField()
    term = models.BinaryField(max_length=12)
    places = models.BinaryField()

    objects: ClassVar[models.Manager[SearchPosting]]

    def __str__(self) -> str:
        return f"{self.chain} {self.chunk} {bytes(self.term).hex()}"


class SearchToken(models.Model):
    """An event that speaks of a token. Tokens are nearly as many as events: a bitmap for each would be mostly frame."""

    pk = models.CompositePrimaryKey("chain", "chunk", "token", "place")
    chain = models.PositiveIntegerField()
    chunk = models.PositiveIntegerField()
    token = models.BigIntegerField()
    place = models.PositiveIntegerField()

    objects: ClassVar[models.Manager[SearchToken]]

    def __str__(self) -> str:
        return f"{self.chain} {self.chunk} {self.place}"

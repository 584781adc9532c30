"""The keys we sign with. Rows are never deleted: what a key signed can be checked for as long as the row is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from oidc_issuer.keys import KeyState, published_since_retirement, published_until, rotates_at

ALGORITHMS = ("RS256", "ES256")
"""All of them always have an active and a next key, so that a change of mind needs no waiting."""

_HOLDS_PRIVATE_HALF = Q(state__in=(KeyState.NEXT.value, KeyState.ACTIVE.value))


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    def of(self, algorithm: str, state: KeyState) -> SigningKey | None:
        return self.filter(algorithm=algorithm, state=state).first()

    def published(self, now: datetime) -> SigningKeyQuerySet:
        """What the JWKS shows, oldest first."""
        still = Q(state=KeyState.RETIRED, retired_at__gt=published_since_retirement(now))
        return self.filter(_HOLDS_PRIVATE_HALF | still).order_by("id")

    def that_ever_signed(self, algorithm: str) -> SigningKeyQuerySet:
        return self.filter(algorithm=algorithm, activated_at__isnull=False).order_by("id")


class SigningKey(models.Model):
    """One key pair. The private half is encrypted, and destroyed when the key signs no more."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kid = models.CharField(_("key id"), max_length=43, unique=True)  # the RFC 7638 thumbprint
    algorithm = models.CharField(_("algorithm"), max_length=5, choices=[(name, name) for name in ALGORITHMS])
    state = models.CharField(_("state"), max_length=7, choices=[(state.value, state.value) for state in KeyState])
    public_jwk = models.JSONField()
    encrypted_private_key = models.TextField(null=True)  # noqa: DJ001 - absent is not empty
    published_at = models.DateTimeField(_("published"))
    usable_from = models.DateTimeField(_("may sign from"))
    activated_at = models.DateTimeField(_("signs since"), null=True)
    retired_at = models.DateTimeField(_("retired"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    objects: ClassVar[Any] = SigningKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")
        constraints = (
            models.UniqueConstraint(
                fields=("algorithm",), condition=Q(state=KeyState.ACTIVE.value), name="signing_key_one_active"
            ),
            models.UniqueConstraint(
                fields=("algorithm",), condition=Q(state=KeyState.NEXT.value), name="signing_key_one_next"
            ),
            models.CheckConstraint(
                condition=(_HOLDS_PRIVATE_HALF & Q(encrypted_private_key__isnull=False))
                | (~_HOLDS_PRIVATE_HALF & Q(encrypted_private_key__isnull=True)),
                name="signing_key_private_half",
            ),
        )

    def __str__(self) -> str:
        return self.kid

    @property
    def rotates_at(self) -> datetime | None:
        return rotates_at(self.activated_at) if self.state == KeyState.ACTIVE and self.activated_at else None

    @property
    def published_until(self) -> datetime | None:
        return published_until(self.retired_at) if self.state == KeyState.RETIRED and self.retired_at else None

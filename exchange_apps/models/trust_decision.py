"""Recent decisions about foreign tokens, kept so that a changed policy can be tried on them before it is saved."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7

KEEP_DECISIONS = timedelta(days=14)
MOST_DECISIONS = 500
"""How many of one provider are kept; the oldest go first."""


class TrustDecisionQuerySet(models.QuerySet["TrustDecision"]):
    def about(self, provider_ids: Iterable[uuid.UUID]) -> TrustDecisionQuerySet:
        """The newest first, as many as are kept of one provider."""
        return self.filter(provider_id__in=list(provider_ids)).order_by("-id")[:MOST_DECISIONS]


class TrustDecision(models.Model):
    """One proven foreign token and what became of it. `services/trust_decisions.py` writes them.

    `claims` are those that policies ask for, credentials taken out; `absent` names the ones that were looked for and
    not there. Whatever is in neither was not kept, and nothing can be said about it.
    """

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    # No constraint: it is written a moment later, when the provider may be gone
    provider_id = models.UUIDField()
    decided_at = models.DateTimeField(_("when"))
    address = models.GenericIPAddressField(_("address"), null=True)
    claims = models.JSONField(_("claims"), default=dict)
    absent = models.JSONField(default=list)
    requested_scopes = models.JSONField(null=True)  # null: the request named none
    is_accepted = models.BooleanField(_("accepted"))
    is_observed = models.BooleanField(_("only observed"), default=False)
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    statement = models.PositiveSmallIntegerField(null=True)  # the one that decided, counted from 0
    scopes = models.JSONField(_("scopes"), default=list)
    lifetime = models.PositiveIntegerField(null=True)  # seconds

    objects: ClassVar[models.Manager[TrustDecision]] = TrustDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("trust decision")
        verbose_name_plural = _("trust decisions")
        indexes = (models.Index(fields=("provider_id", "-id"), name="trust_decision_by_provider"),)

    def __str__(self) -> str:
        return f"{self.decided_at:%Y-%m-%d %H:%M:%S} {self.reason or 'accepted'}"

"""The log itself: append-only here, and by triggers in both databases (migration 0002)."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.access import OrganizationAccess
from audit.actions import SENTENCES, AuditAction
from audit.append_only import AppendOnlyError, AppendOnlyModel, AppendOnlyQuerySet
from audit.identifiers import uuid7
from audit.seals import AuditChain, AuditCheckpoint, AuditRetention, AuditSeal, AuditSealer
from audit.search_index import SearchChain, SearchPosting, SearchToken
from audit.stream_place import AuditStreamer, AuditStreamPlace

__all__ = [
    "AppendOnlyError",
    "AuditChain",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditRetention",
    "AuditSeal",
    "AuditSealer",
    "AuditStreamPlace",
    "AuditStreamer",
    "SearchChain",
    "SearchPosting",
    "SearchToken",
]

SCHEMA_VERSION = 1


class AuditEventQuerySet(AppendOnlyQuerySet["AuditEvent"]):
    def visible_to(self, access: OrganizationAccess) -> AuditEventQuerySet:
        return self if access.sees_everything else self.filter(organization_id__in=access.reading_organization_ids)

    def about(self, *subject_ids: uuid.UUID) -> AuditEventQuerySet:
        """What happened to these objects. Not for tokens: their own index leaves them out, and has to be named."""
        # Written out, because SQLite takes a partial index only for the very condition that is in it
        found: Any = self.filter(subject_id__in=subject_ids).extra(where=["NOT (subject_type = 'MINTED_TOKEN')"])
        return found  # type: ignore[no-any-return]

    def newest_first(self) -> AuditEventQuerySet:
        return self.order_by("-id")


class AuditEvent(AppendOnlyModel):
    """One thing that happened. Holds snapshots and no foreign keys: it outlives everything it speaks of."""

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    schema_version = models.PositiveSmallIntegerField(default=SCHEMA_VERSION)
    type = models.CharField(_("type"), max_length=64)  # an AuditAction; no choices: each new one would be a migration
    occurred_at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=10)  # an Outcome
    reason = models.CharField(_("reason"), max_length=64, blank=True)
    organization_id = models.UUIDField(_("organization"), null=True)
    organization_slug = models.CharField(max_length=63, blank=True)
    actor_type = models.CharField(max_length=32)
    actor_id = models.UUIDField(null=True)
    actor_name = models.CharField(_("who"), max_length=320)
    on_behalf_of_type = models.CharField(max_length=32, blank=True)
    on_behalf_of_id = models.UUIDField(null=True)
    on_behalf_of_name = models.CharField(_("for"), max_length=320, blank=True)
    subject_type = models.CharField(max_length=32, blank=True)
    subject_id = models.UUIDField(null=True)
    subject_name = models.CharField(_("what"), max_length=320, blank=True)
    key_id = models.CharField(_("key id"), max_length=255, blank=True)
    context_type = models.CharField(max_length=32)
    request_id = models.CharField(_("request"), max_length=36, blank=True)
    request_ip = models.GenericIPAddressField(_("address"), null=True)
    request_user_agent = models.CharField(_("user agent"), max_length=256, blank=True)
    data = models.JSONField(_("data"), default=dict)

    objects: ClassVar[models.Manager[AuditEvent]] = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit log")
        # UUIDv7 keys grow with time: (organization, -id) is the newest-first order of one organization's log
        indexes = (
            models.Index(fields=("organization_id", "-id"), name="audit_by_organization"),
            models.Index(fields=("request_id",), name="audit_by_request"),
            # The history of apps, members, organizations; without the tokens, so that a mint pays nothing for it
            models.Index(
                fields=("subject_id", "-id"), name="audit_by_subject", condition=~models.Q(subject_type="MINTED_TOKEN")
            ),
        )

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """What happened, in the language of whoever looks; what leaves the portal carries the type instead."""
        names = {"actor": self.actor_name, "subject": self.subject_name, "on_behalf_of": self.on_behalf_of_name}
        return gettext(SENTENCES[AuditAction(self.type)]).format(**names, reason=self.reason.replace("_", " "))

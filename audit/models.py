"""The log itself: append-only here, and by triggers in both databases (migration 0002)."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.access import OrganizationAccess
from audit.actions import SENTENCES, AuditAction, Outcome
from audit.identifiers import uuid7

SCHEMA_VERSION = 1


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete an event."""

    def __init__(self) -> None:
        super().__init__("Audit events are never changed or deleted.")


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def visible_to(self, access: OrganizationAccess) -> AuditEventQuerySet:
        return self if access.sees_everything else self.filter(organization_id__in=access.reading_organization_ids)

    def newest_first(self) -> AuditEventQuerySet:
        return self.order_by("-id")

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def delete(self) -> NoReturn:
        raise AppendOnlyError


class AuditEvent(models.Model):
    """One thing that happened. Holds snapshots and no foreign keys: it outlives everything it speaks of."""

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    schema_version = models.PositiveSmallIntegerField(default=SCHEMA_VERSION)
    type = models.CharField(_("type"), max_length=64, choices=[(a.value, a.value) for a in AuditAction])
    occurred_at = models.DateTimeField(_("when"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=[(o.value, o.value) for o in Outcome])
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    @property
    def sentence(self) -> str:
        names = {"actor": self.actor_name, "subject": self.subject_name, "on_behalf_of": self.on_behalf_of_name}
        return SENTENCES[AuditAction(self.type)].format(**names, reason=self.reason.replace("_", " "))

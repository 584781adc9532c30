"""Invitations that wait for an answer; an answered or withdrawn one is gone, and the log tells what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from exchange_apps.models.organization import Organization, Role
from exchange_apps.models.user import User

INVITATION_LIFETIME = timedelta(days=7)


class Invitation(models.Model):
    """Only the SHA-256 of the link's secret is kept, so nobody who reads the table can accept for somebody else."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="invitations", verbose_name=_("organization")
    )
    email = models.EmailField(_("e-mail"), max_length=320)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    digest = models.BinaryField(_("SHA-256 of the secret"), max_length=32, unique=True, editable=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("invited by"))
    created_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("e-mail sent"), null=True, editable=False)
    expires_at = models.DateTimeField(_("expires"), db_index=True, editable=False)

    objects: ClassVar[models.Manager[Invitation]] = models.Manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = (
            models.UniqueConstraint(fields=("organization", "email"), name="invitation_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_known"),
        )

    def __str__(self) -> str:
        return self.email

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at <= now

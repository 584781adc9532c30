"""Searches of the audit log that people gave a name."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from exchange_apps.models.organization import Organization
from exchange_apps.models.user import User


class SavedSearch(models.Model):
    """Belongs to one person within one organization, or to an operator outside any. Its address may be given to all who
    read the same log; only its owner renames or deletes it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="saved_searches")
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("name"), max_length=80)
    query = models.CharField(_("search"), max_length=600)
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)

    objects: ClassVar[models.Manager[SavedSearch]] = models.Manager()

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")

    def __str__(self) -> str:
        return self.name

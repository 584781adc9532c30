"""What builds: pipelines, and the clusters and queues their jobs run in. Known to clouds by their UUIDs."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from exchange_apps.models import Organization

_KEY = RegexValidator(r"\A[A-Za-z0-9_.-]{1,100}\Z", _("Use letters, digits and . _ - only."))
_SLUG = RegexValidator(r"\A[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", _("Use a-z, 0-9 and single hyphens inside."))


class Cluster(models.Model):
    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="clusters", editable=False)
    name = models.CharField(_("name"), max_length=100)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("cluster")
        verbose_name_plural = _("clusters")
        ordering = ("name",)
        constraints = (models.UniqueConstraint(fields=("organization", "name"), name="cluster_name_unique"),)

    def __str__(self) -> str:
        return self.name


class Queue(models.Model):
    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    cluster = models.ForeignKey(Cluster, models.CASCADE, related_name="queues", verbose_name=_("cluster"))
    key = models.CharField(_("key"), max_length=100, validators=[_KEY])
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ("key",)
        constraints = (models.UniqueConstraint(fields=("cluster", "key"), name="queue_key_unique"),)

    def __str__(self) -> str:
        return self.key


class Pipeline(models.Model):
    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="pipelines", editable=False)
    slug = models.CharField(
        _("slug"),
        max_length=100,
        validators=[_SLUG],
        help_text=_("Stands in the subject of ID tokens. Trust the UUID rather: a slug can be given to another one."),
    )
    name = models.CharField(_("name"), max_length=200)
    cluster = models.ForeignKey(
        Cluster,
        models.RESTRICT,
        related_name="pipelines",
        null=True,
        blank=True,
        verbose_name=_("cluster"),
        help_text=_("Where its jobs run. Without one, tokens can carry neither cluster nor queue."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ("slug",)
        constraints = (models.UniqueConstraint(fields=("organization", "slug"), name="pipeline_slug_unique"),)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if self.cluster is not None and self.cluster.organization_id != self.organization_id:
            raise ValidationError({"cluster": _("There is no such cluster.")})

"""Webhooks: where an organization has its audit log sent, how far that has come, and what came of it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from audit.parties import Party, PartyType
from exchange_apps.models.fields import EventTypesField, fits
from exchange_apps.models.organization import Organization


class WebhookFormat(models.TextChoices):
    EVENT = "event", _("our own, as in exports")
    ECS = "ecs", _("ECS, for SIEMs")


class WebhookEndpoint(models.Model):
    """One receiver. Its secrets rest encrypted; what its address carries behind `?` may be one, too."""

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(Organization, models.CASCADE, related_name="webhooks")
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=2048)
    format = models.CharField(_("format"), max_length=10, choices=WebhookFormat, default=WebhookFormat.EVENT)
    types = EventTypesField(_("event types"), default=list, blank=True)
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(editable=False, blank=True)
    previous_secret_until = models.DateTimeField(editable=False, null=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "name"),
                name="webhook_name_unique",
                violation_error_message=_("Another webhook of this organization has this name."),
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def shown_url(self) -> str:
        """The address without its query."""
        parts = urlsplit(self.url)
        return urlunsplit((parts.scheme, parts.netloc, parts.path, "…" if parts.query else "", ""))

    @property
    def url_sha256(self) -> str:
        """What tells one address from another in the log without giving away its query."""
        return hashlib.sha256(self.url.encode()).hexdigest()

    def wants(self, type: str) -> bool:
        return not self.types or any(fits(entry, type) for entry in self.types)

    def has_two_secrets(self, now: datetime) -> bool:
        """Whether the secret before the present one still signs, too."""
        return self.previous_secret_until is not None and self.previous_secret_until > now

    def party(self) -> Party:
        return Party(PartyType.AUDIT_WEBHOOK, self.pk, self.name)


class PauseReason(models.TextChoices):
    PERSON = "person", _("by hand")
    FAILURES = "failures", _("too many tries in vain")
    GONE = "gone", _("the receiver answered HTTP 410: it wants no more")


class WebhookProgress(models.Model):
    """How far an endpoint's delivery has come. Apart from the endpoint, so that saving a form never moves it."""

    endpoint = models.OneToOneField(WebhookEndpoint, models.CASCADE, primary_key=True, related_name="progress")
    delivered_sequence = models.PositiveBigIntegerField(default=0)
    paused_at = models.DateTimeField(null=True)
    paused_because = models.CharField(max_length=10, choices=PauseReason, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)  # of the event that is due, in vain so far
    retry_at = models.DateTimeField(null=True)
    failing_since = models.DateTimeField(null=True)
    last_delivered_at = models.DateTimeField(null=True)
    last_elapsed_ms = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.delivered_sequence}"


class DeliveryKind(models.TextChoices):
    ORDERLY = "orderly", _("in order")
    AGAIN = "again", _("sent again")
    TEST = "test", _("test")


class WebhookDelivery(models.Model):
    """One try and what came of it. The last ones of each endpoint are kept."""

    DELIVERED: ClassVar[str] = "delivered"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries", db_index=False)
    kind = models.CharField(max_length=10, choices=DeliveryKind)
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=64)
    sequence = models.PositiveBigIntegerField(null=True)
    number = models.PositiveSmallIntegerField(default=1)
    tried_at = models.DateTimeField()
    result = models.CharField(max_length=40)  # DELIVERED, or a code of safe_fetch
    sentence = models.CharField(max_length=500, blank=True)
    status = models.PositiveSmallIntegerField(null=True)
    elapsed_ms = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=("endpoint", "-id"), name="webhook_delivery_newest"),)

    def __str__(self) -> str:
        return f"{self.event_type} {self.result}"

    @property
    def is_delivered(self) -> bool:
        return self.result == self.DELIVERED


class WebhookDeadLetter(models.Model):
    """An event that an endpoint did not take for as long as it was tried."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="dead_letters")
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=64)
    sequence = models.PositiveBigIntegerField()
    tries = models.PositiveSmallIntegerField()
    parked_at = models.DateTimeField()
    sentence = models.CharField(max_length=500)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("endpoint", "event_id"), name="webhook_one_dead_letter"),)

    def __str__(self) -> str:
        return f"{self.event_type} {self.sequence}"

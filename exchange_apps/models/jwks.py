"""Key sets fetched from somebody's address, and what is known of each key of an app."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from exchange_apps.domain import key_freshness
from exchange_apps.domain.jwk import JWKSet

MOST_URI_CHARACTERS = 2000


class RemoteKeySetQuerySet(models.QuerySet["RemoteKeySet"]):
    def in_use(self) -> RemoteKeySetQuerySet:
        """Those that somebody still points at; the host of a forgotten address is not asked any more."""
        by_apps = Q(applications__isnull=False, applications__deleted_at=None)
        return self.filter(by_apps | Q(identity_providers__isnull=False)).distinct()

    def due(self, now: datetime) -> RemoteKeySetQuerySet:
        """Those to fetch ahead of time, or to try again, whose last attempt is long enough ago."""
        waited = now - timedelta(seconds=key_freshness.REFETCH_GAP)
        due = self.in_use().filter(Q(refresh_at=None) | Q(refresh_at__lte=now))
        return due.filter(Q(attempted_at=None) | Q(attempted_at__lte=waited))


class RemoteKeySet(models.Model):
    """One row for each URI: web processes and workers share it, and a flushed cache cannot lose it.

    With an `issuer`, `uri` is that of its discovery document (OpenID Connect Discovery 1.0, section 4), which is read
    before each fetch and names the set in `jwks_uri`.

    `document` is the last good set. `attempted_at` is taken by one conditional UPDATE; whoever takes it fetches.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    issuer = models.CharField(max_length=500, blank=True)
    uri = models.CharField(_("URI"), max_length=MOST_URI_CHARACTERS, unique=True)
    jwks_uri = models.CharField(max_length=MOST_URI_CHARACTERS, blank=True)
    document = models.JSONField(null=True, default=None)
    etag = models.CharField(max_length=256, blank=True)
    attempted_at = models.DateTimeField(_("last attempt"), null=True)
    fetched_at = models.DateTimeField(_("last success"), null=True)
    fresh_until = models.DateTimeField(_("fresh until"), null=True)
    refresh_at = models.DateTimeField(_("next refresh"), null=True, db_index=True)
    failing_since = models.DateTimeField(_("failing since"), null=True)
    last_result = models.CharField(_("last result"), max_length=64, blank=True)
    last_sentence = models.CharField(max_length=500, blank=True)
    last_status = models.PositiveSmallIntegerField(null=True)
    last_elapsed_ms = models.PositiveIntegerField(null=True)
    problems = models.JSONField(default=list)  # keys of the last fetched set that cannot be used, and why

    objects = RemoteKeySetQuerySet.as_manager()

    class Meta:
        verbose_name = _("remote key set")
        verbose_name_plural = _("remote key sets")

    def __str__(self) -> str:
        return self.uri

    def is_fresh(self, now: datetime) -> bool:
        return self.fresh_until is not None and now < self.fresh_until

    @property
    def usable_until(self) -> datetime | None:
        return self.fetched_at and self.fetched_at + timedelta(seconds=key_freshness.USABLE)


def held_keys(document: Any) -> JWKSet:
    """The keys in a stored set, none where there is none."""
    return NO_KEYS if document is None else _parsed(json.dumps(document, sort_keys=True))


NO_KEYS = JWKSet(())


@lru_cache(maxsize=2048)
def _parsed(document: str) -> JWKSet:
    """A stored set was checked when it was saved; parsed sets are immutable, so one per process is enough."""
    return JWKSet.parse(document)


class ApplicationKey(models.Model):
    """What is known of one key of one app: when it came and went, how often it signed, whether it is switched off."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        "exchange_apps.ExchangeApplication", models.CASCADE, related_name="key_history", verbose_name=_("app")
    )
    kid = models.CharField(_("key id"), max_length=255)
    thumbprint = models.CharField(_("thumbprint"), max_length=43, db_index=True)
    label = models.CharField(_("kind"), max_length=40)
    first_seen_at = models.DateTimeField(_("first seen"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"), null=True)  # by its own words; it signs on
    gone_at = models.DateTimeField(_("gone since"), null=True)
    last_used_at = models.DateTimeField(_("last mint"), null=True)
    mints = models.PositiveBigIntegerField(_("mints"), default=0)
    switched_off_at = models.DateTimeField(_("switched off"), null=True)
    is_foreign = models.BooleanField(default=False)  # another organization's app has this very key

    class Meta:
        verbose_name = _("app key")
        verbose_name_plural = _("app keys")
        constraints = (models.UniqueConstraint(fields=("application", "kid"), name="application_key_unique"),)

    def __str__(self) -> str:
        return self.kid


class Watermark(models.Model):
    """Up to when a periodic count has counted."""

    name = models.CharField(max_length=50, primary_key=True)
    counted_until = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

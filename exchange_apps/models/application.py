"""Token exchange apps: an organization's own signing services, known by their public keys."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Max
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from audit.parties import Party, PartyType
from exchange_apps.domain import key_freshness, lifetimes
from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.models.fields import AddressListField, ScopeListField
from exchange_apps.models.jwks import ApplicationKey, RemoteKeySet, held_keys
from exchange_apps.models.organization import Organization

if TYPE_CHECKING:
    from exchange_apps.access import Access


def new_client_id() -> str:
    return secrets.token_hex(10)


IDLE_AFTER = timedelta(days=30)
EXPIRES_SOON = timedelta(days=30)


class ExchangeApplicationQuerySet(models.QuerySet["ExchangeApplication"]):
    def visible_to(self, access: Access) -> ExchangeApplicationQuerySet:
        return self if access.sees_everything else self.filter(organization_id__in=access.visible_organization_ids)

    def with_last_use(self) -> ExchangeApplicationQuerySet:
        """Adds `last_used_at`: the last mint through any of an app's keys, as far as it is counted."""
        uses = _keys().order_by().values("application")
        return self.annotate(last_used_at=models.Subquery(uses.annotate(last=Max("last_used_at")).values("last")))

    def with_failing_keys(self) -> ExchangeApplicationQuerySet:
        """The last fetch of their keys failed."""
        return self.filter(key_set__failing_since__isnull=False)

    def with_keys_too_old(self, now: datetime) -> ExchangeApplicationQuerySet:
        """It failed for so long that the last good keys serve no more, or there never were any."""
        fetched = models.Q(key_set__fetched_at=None) | models.Q(
            key_set__fetched_at__lte=now - timedelta(seconds=key_freshness.USABLE)
        )
        return self.with_failing_keys().filter(fetched)

    def with_keys_expiring(self, now: datetime) -> ExchangeApplicationQuerySet:
        """A pasted key of theirs ends soon or has ended by its own words. Who publishes keys replaces them there."""
        ending = _keys().filter(gone_at=None, switched_off_at=None, expires_at__lte=now + EXPIRES_SOON)
        return self.filter(models.Exists(ending), key_set=None)

    def never_used(self) -> ExchangeApplicationQuerySet:
        return self.filter(~models.Exists(_keys().filter(last_used_at__isnull=False)))

    def idle(self, now: datetime) -> ExchangeApplicationQuerySet:
        """There for 30 days, and without a mint for as long."""
        since = now - IDLE_AFTER
        return self.filter(~models.Exists(_keys().filter(last_used_at__gte=since)), created_at__lt=since)


def _keys() -> models.QuerySet[ApplicationKey]:
    """Of the app of the outer query."""
    return ApplicationKey.objects.filter(application=models.OuterRef("pk"))


_ApplicationManager = models.Manager.from_queryset(ExchangeApplicationQuerySet)


class LivingApplications(_ApplicationManager):  # type: ignore[type-arg]
    """All but the deleted ones: whatever looks apps up finds a deleted one gone."""

    def get_queryset(self) -> ExchangeApplicationQuerySet:
        return ExchangeApplicationQuerySet(self.model, using=self._db).filter(deleted_at=None)


class ExchangeApplication(models.Model):
    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="applications", verbose_name=_("organization")
    )
    name = models.CharField(_("name"), max_length=100)
    description = models.TextField(_("description"), blank=True, max_length=1000)
    client_id = models.CharField(
        _("client id"),
        max_length=20,
        unique=True,
        default=new_client_id,
        validators=[RegexValidator(r"\A[0-9a-f]{20}\Z", _("20 lower-case hexadecimal digits."))],
    )
    jwks = models.JSONField(
        _("JWKS"),
        null=True,
        blank=True,
        default=None,
        help_text=_("The public keys that may sign for this app: a JSON object with a “keys” array."),
    )
    jwks_uri = models.CharField(
        _("JWKS URI"),
        max_length=2000,
        blank=True,
        help_text=_("Instead of pasted keys: an https address that publishes them."),
    )
    key_set = models.ForeignKey(
        RemoteKeySet, models.PROTECT, null=True, blank=True, editable=False, related_name="applications"
    )
    grantable_scopes = ScopeListField(
        _("grantable scopes"),
        default=list,
        help_text=_("The most a minted token can carry; a request may ask for any part."),
    )
    default_scopes = ScopeListField(
        _("default scopes"),
        default=list,
        blank=True,
        help_text=_("Granted when a request names none. Part of the grantable ones."),
    )
    exchange_allowed_ips = AddressListField(
        _("allowed IPs for exchange requests"),
        default=list,
        blank=True,
        help_text=_("Who may call the token endpoint for this app. One range per line; empty: anyone."),
    )
    token_allowed_ips = AddressListField(
        _("allowed IPs for minted token use"),
        default=list,
        blank=True,
        help_text=_("Where this app's tokens may be used from. One range per line; empty: anywhere."),
    )
    max_token_ttl = models.PositiveIntegerField(
        _("maximum token lifetime (seconds)"),
        default=lifetimes.DEFAULT_TOKEN_TTL,
        validators=[MinValueValidator(lifetimes.SHORTEST_TOKEN_TTL), MaxValueValidator(lifetimes.LONGEST_TOKEN_TTL)],
        help_text=_("30 to 86400; 3600 is one hour. A request for more is capped."),
    )
    max_assertion_lifetime = models.PositiveIntegerField(
        _("maximum assertion lifetime (seconds)"),
        default=lifetimes.DEFAULT_ASSERTION_LIFETIME,
        validators=[
            MinValueValidator(lifetimes.SHORTEST_ASSERTION_LIFETIME),
            MaxValueValidator(lifetimes.LONGEST_ASSERTION_LIFETIME),
        ],
        help_text=_("60 to 3600: how far exp may lie after iat."),
    )
    enabled = models.BooleanField(
        _("enabled"),
        default=True,
        help_text=_("Off: exchanges are refused at once and live tokens stop working, until it is on again."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.CharField(_("created by"), max_length=320, blank=True, editable=False)  # a name, as in events
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)  # counted up by a trigger, see standing.py

    objects = LivingApplications()
    with_deleted = _ApplicationManager()

    class Meta:
        verbose_name = _("token exchange app")
        verbose_name_plural = _("token exchange apps")
        ordering = ("name",)
        constraints = (
            # The name of a deleted app is free again; its client id is not, as long as it can be restored
            models.UniqueConstraint(
                fields=("organization", "name"), condition=models.Q(deleted_at=None), name="application_name_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(deleted_at=None) | models.Q(enabled=False), name="application_deleted_is_disabled"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    max_token_ttl__gte=lifetimes.SHORTEST_TOKEN_TTL, max_token_ttl__lte=lifetimes.LONGEST_TOKEN_TTL
                ),
                name="application_max_token_ttl_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    max_assertion_lifetime__gte=lifetimes.SHORTEST_ASSERTION_LIFETIME,
                    max_assertion_lifetime__lte=lifetimes.LONGEST_ASSERTION_LIFETIME,
                ),
                name="application_max_assertion_lifetime_bounds",
            ),
            models.CheckConstraint(condition=Exact(Length("client_id"), 20), name="application_client_id_length"),
            models.CheckConstraint(
                condition=models.Q(jwks=None, key_set__isnull=False) & ~models.Q(jwks_uri="")
                | models.Q(jwks__isnull=False, key_set=None, jwks_uri=""),
                name="application_one_source_of_keys",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        errors: dict[str, str] = {}
        if bool(self.jwks) == bool(self.jwks_uri):
            self.jwks = None
            errors["jwks"] = str(_("Give either a JWKS or a JWKS URI."))
        elif self.jwks:
            try:
                self.jwks = JWKSet.parse(self.jwks).as_document()
            except JWKSetError as error:
                self.jwks = None  # what was pasted may hold a private key: it goes no further than this
                errors["jwks"] = str(error)
        if not self.grantable_scopes:
            errors["grantable_scopes"] = str(_("Choose at least one scope."))
        elif beyond := sorted(set(self.default_scopes) - set(self.grantable_scopes)):
            errors["default_scopes"] = str(_("Not among the grantable scopes: %s.") % ", ".join(beyond))
        if errors:
            raise ValidationError(errors)

    def party(self) -> Party:
        return Party(PartyType.TOKEN_EXCHANGE_APP, self.pk, self.name)

    def keys(self) -> JWKSet:
        """The keys that are held now; of a remote set the last good ones, none before its first fetch."""
        return held_keys(self.key_set.document if self.key_set else self.jwks)

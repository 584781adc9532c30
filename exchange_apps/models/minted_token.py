"""Minted tokens. Restrictions are stored as granted; standing (enabled, active, revoked) is looked up live."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from exchange_apps.models.application import ExchangeApplication
from exchange_apps.models.fields import AddressListField, ScopeListField
from exchange_apps.models.organization import Organization
from exchange_apps.models.user import User

if TYPE_CHECKING:
    from exchange_apps.access import Access


class MintedTokenQuerySet(models.QuerySet["MintedToken"]):
    def visible_to(self, access: Access) -> MintedTokenQuerySet:
        if access.sees_everything:
            return self
        return self.filter(
            models.Q(organization_id__in=access.reading_organization_ids)
            | models.Q(organization_id__in=access.visible_organization_ids, user_id=access.user_id)
        )

    def unexpired(self, now: datetime) -> MintedTokenQuerySet:
        return self.filter(expires_at__gt=now, revoked_at=None)


class MintedToken(models.Model):
    """No foreign-key constraints: checking them would lock the same app and user rows in every mint
    (docs/benchmarks.md); a row whose app or user is gone is simply inactive."""

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    digest = models.BinaryField(_("SHA-256"), max_length=32, unique=True, editable=False)
    last_four = models.CharField(_("ends in"), max_length=4)
    organization = models.ForeignKey(
        Organization,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("organization"),
    )
    application = models.ForeignKey(
        ExchangeApplication,
        models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("app"),
    )
    user = models.ForeignKey(
        User, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+", verbose_name=_("user")
    )
    key_id = models.CharField(_("key id"), max_length=255)
    scopes = ScopeListField(_("scopes"))
    allowed_ips = AddressListField(_("allowed IPs"), default=list)
    created_at = models.DateTimeField(_("minted"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects: ClassVar[models.Manager[MintedToken]] = MintedTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("minted token")
        verbose_name_plural = _("minted tokens")
        # UUIDv7 keys grow with time, so this one index gives every list its order
        indexes = (
            models.Index(fields=("organization", "-id"), name="minted_token_by_organization"),
            models.Index(fields=("application", "expires_at"), name="minted_token_by_application"),
        )

    def __str__(self) -> str:
        return f"…{self.last_four}"


class UsedAssertion(models.Model):
    """One row for each `jti` that bought a token: its key makes the second use lose."""

    digest = models.BinaryField(max_length=32, primary_key=True)  # SHA-256 of client id and jti
    token_id = models.UUIDField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("used assertion")
        verbose_name_plural = _("used assertions")

    def __str__(self) -> str:
        return str(self.token_id)

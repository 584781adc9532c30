"""Minted tokens. Restrictions are stored as granted; standing (enabled, active, revoked) is looked up live."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.identifiers import first_uuid7_at, uuid7
from audit.parties import Party, PartyType
from exchange_apps.domain.lifetimes import LONGEST_TOKEN_TTL
from exchange_apps.models.application import ExchangeApplication
from exchange_apps.models.fields import AddressListField, ScopeListField
from exchange_apps.models.identity_provider import IdentityProvider
from exchange_apps.models.organization import Organization
from exchange_apps.models.user import User

if TYPE_CHECKING:
    from exchange_apps.access import Access

MOST_PRINCIPAL_CHARACTERS = 320
_CLOCKS_DIFFER = timedelta(minutes=5)


class MintedTokenQuerySet(models.QuerySet["MintedToken"]):
    def visible_to(self, access: Access) -> MintedTokenQuerySet:
        if access.sees_everything:
            return self
        all_of = access.reading_organization_ids
        own_in = access.visible_organization_ids - all_of
        everybodys = models.Q(organization_id__in=all_of)
        own = models.Q(organization_id__in=own_in, user_id=access.user_id)
        # Not both where one will do: SQLite answers an OR from two indexes, and sorts all it finds
        if not own_in:
            return self.filter(everybodys)
        return self.filter(everybodys | own) if all_of else self.filter(own)

    def live(self, now: datetime) -> MintedTokenQuerySet:
        """Neither expired nor revoked. All lie among those minted within the longest lifetime, found by their key."""
        oldest = now - timedelta(seconds=LONGEST_TOKEN_TTL) - _CLOCKS_DIFFER
        return self.filter(id__gte=first_uuid7_at(oldest), expires_at__gt=now, revoked_at=None)

    def in_state(self, state: str, now: datetime) -> MintedTokenQuerySet:
        """`live`, `expired` or `revoked`: each token is in one of them."""
        match state:
            case "live":
                return self.live(now)
            case "expired":
                return self.filter(expires_at__lte=now, revoked_at=None)
            case _:
                return self.filter(revoked_at__isnull=False)

    def live_by_user(self, user_ids: list[uuid.UUID], now: datetime) -> dict[uuid.UUID, int]:
        """How many tokens of each user are neither over nor revoked; whoever has none is left out."""
        found = self.live(now).filter(user_id__in=user_ids)
        return dict(found.order_by().values_list("user_id").annotate(models.Count("pk")))


class MintedToken(models.Model):
    """Bought by an app's assertion (`application`) or by a foreign token (`identity_provider`); it acts for `user` or,
    where that is None, for the workload itself, whose name is `principal`. `parent` is the token that was made smaller.

    No foreign-key constraints: checking them would lock the same app and user rows in every mint (docs/benchmarks.md);
    a row whose app, provider, user or parent is gone is simply inactive."""

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
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("app"),
    )
    identity_provider = models.ForeignKey(
        IdentityProvider,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("identity provider"),
    )
    user = models.ForeignKey(
        User,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("user"),
    )
    principal = models.CharField(_("workload"), max_length=MOST_PRINCIPAL_CHARACTERS, blank=True, default="")
    parent = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("made from"),
    )
    key_id = models.CharField(_("key id"), max_length=255)
    scopes = ScopeListField(_("scopes"))
    allowed_ips = AddressListField(_("allowed IPs"), default=list)
    created_at = models.DateTimeField(_("minted"))
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    first_used_at = models.DateTimeField(_("first used"), null=True)
    first_used_ip = models.GenericIPAddressField(_("first used from"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    last_used_ip = models.GenericIPAddressField(_("last used from"), null=True)

    objects: ClassVar[models.Manager[MintedToken]] = MintedTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("minted token")
        verbose_name_plural = _("minted tokens")
        # UUIDv7 keys grow with time, so this one index gives every list its order
        indexes = (
            models.Index(fields=("organization", "-id"), name="minted_token_by_organization"),
            # With it, the live ones are found among those minted within the longest lifetime
            models.Index(fields=("application", "-id"), name="minted_token_by_app"),
            # What a member may see; without it a page of somebody who has few reads every token there is
            models.Index(fields=("user", "-id"), name="minted_token_by_user"),
            # A mint pays nothing for it: it holds what was revoked
            models.Index(
                fields=("organization", "-id"),
                name="minted_token_revoked",
                condition=models.Q(revoked_at__isnull=False),
            ),
            # An app's mint pays nothing for these two either
            models.Index(
                fields=("identity_provider", "-id"),
                name="minted_token_by_provider",
                condition=models.Q(identity_provider__isnull=False),
            ),
            models.Index(fields=("parent",), name="minted_token_by_parent", condition=models.Q(parent__isnull=False)),
        )

    def __str__(self) -> str:
        return f"…{self.last_four}"

    @property
    def is_of_workload(self) -> bool:
        """Bought with somebody else's OIDC token. Such a token can change no trust: no app, provider, member or key."""
        return self.identity_provider_id is not None

    def holder_party(self) -> Party:
        """Who bought the token, for the log: the app or the identity provider."""
        if self.identity_provider_id is not None:
            name = self.identity_provider.name if self.identity_provider else ""
            return Party(PartyType.IDENTITY_PROVIDER, self.identity_provider_id, name)
        return Party(
            PartyType.TOKEN_EXCHANGE_APP, self.application_id, self.application.name if self.application else ""
        )

    def principal_party(self) -> Party:
        """Whom the token acts for, for the log: a user or the workload."""
        if self.user_id is None:
            return Party(PartyType.WORKLOAD, None, self.principal)
        return Party(PartyType.USER, self.user_id, self.user.email if self.user else "")

    def state(self, now: datetime) -> str:
        """As `in_state` has it; whether its app and user still stand is another matter."""
        if self.revoked_at is not None:
            return "revoked"
        return "live" if self.expires_at > now else "expired"


class UsedAssertion(models.Model):
    """One row for each `jti` that bought a token: its key makes the second use lose."""

    digest = models.BinaryField(max_length=32, primary_key=True)  # SHA-256 of client id, or provider UUID, and jti
    token_id = models.UUIDField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("used assertion")
        verbose_name_plural = _("used assertions")

    def __str__(self) -> str:
        return str(self.token_id)

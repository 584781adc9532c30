"""Organizations and who belongs to them in which role."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from audit.parties import OrganizationRef
from exchange_apps.models.fields import AddressListField

if TYPE_CHECKING:
    from exchange_apps.access import Access

DEFAULT_EXCHANGE_RATE_LIMIT = 600


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def visible_to(self, access: Access) -> OrganizationQuerySet:
        return self if access.sees_everything else self.filter(pk__in=access.visible_organization_ids)

    def named(self, slug_or_uuid: str) -> OrganizationQuerySet:
        """By slug, or by UUID. A slug never looks like a UUID (see `clean`)."""
        try:
            return self.filter(pk=uuid.UUID(slug_or_uuid))
        except ValueError:
            return self.filter(slug=slug_or_uuid)


class Organization(models.Model):
    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    slug = models.CharField(
        _("slug"),
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", _("Use a-z, 0-9 and single hyphens inside."))
        ],
        help_text=_("Stands in addresses and in the audience parameter of an exchange."),
    )
    name = models.CharField(_("name"), max_length=200)
    token_exchange_enabled = models.BooleanField(
        _("token exchange enabled"),
        default=True,
        help_text=_("Off: no app of this organization can mint, and its live tokens stop working."),
    )
    require_jti = models.BooleanField(
        _("require jti"), default=False, help_text=_("Every assertion must carry a jti claim, and so works only once.")
    )
    exchange_rate_limit = models.PositiveIntegerField(
        _("exchanges per minute"),
        default=DEFAULT_EXCHANGE_RATE_LIMIT,
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("For the whole organization. 0: no limit."),
    )
    allowed_ips = AddressListField(
        _("allowed IPs for token use"),
        default=list,
        blank=True,
        help_text=_(
            "Where minted tokens may be used from, on top of each app's list. One range per line; empty: anywhere."
        ),
    )
    mfa_required = models.BooleanField(
        _("require a second factor"),
        default=False,
        help_text=_(
            "Members without one see nothing here before they have set one up, also those who come by single sign-on."
        ),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)  # counted up by a trigger, see standing.py

    objects: ClassVar[models.Manager[Organization]] = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        try:
            uuid.UUID(self.slug)
        except ValueError:
            return
        raise ValidationError({"slug": _("A slug must not look like a UUID.")})

    def ref(self) -> OrganizationRef:
        return OrganizationRef(self.id, self.slug)


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    ADMIN = "admin", _("admin")
    AUDITOR = "auditor", _("auditor")
    MEMBER = "member", _("member")


class Membership(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="memberships", verbose_name=_("organization")
    )
    user = models.ForeignKey("exchange_apps.User", models.CASCADE, related_name="memberships", verbose_name=_("user"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Off: no tokens are minted for this person here, and live ones stop working."),
    )
    created_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)  # counted up by a trigger, see standing.py

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = (
            models.UniqueConstraint(fields=("organization", "user"), name="membership_unique"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"

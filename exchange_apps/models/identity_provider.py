"""Identity providers: somebody else's OIDC issuer that an organization trusts under a policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from audit.parties import Party, PartyType
from exchange_apps.domain import lifetimes
from exchange_apps.domain.identity_presets import PROFILES, Preset
from exchange_apps.domain.jwk import JWKSet, JWKSetError
from exchange_apps.domain.trust_policy import PolicyRefused, TrustPolicy, read_policy
from exchange_apps.models.fields import AddressListField
from exchange_apps.models.jwks import RemoteKeySet, held_keys
from exchange_apps.models.organization import Organization

if TYPE_CHECKING:
    from exchange_apps.access import Access

MOST_AUDIENCES = 20


class ProviderMode(models.TextChoices):
    ENFORCE = "enforce", _("enforce")
    OBSERVE = "observe", _("observe: decide and record, mint nothing")


class IdentityProviderQuerySet(models.QuerySet["IdentityProvider"]):
    def visible_to(self, access: Access) -> IdentityProviderQuerySet:
        return self if access.sees_everything else self.filter(organization_id__in=access.visible_organization_ids)


class IdentityProvider(models.Model):
    """Keys come from pasted `jwks`, from a `jwks_uri`, or, where both are empty, by discovery from the issuer.

    `policy` holds the plain values, `policy_text` the YAML as somebody wrote it, comments included; empty where the
    policy did not come as text.
    """

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="identity_providers", verbose_name=_("organization")
    )
    name = models.CharField(_("name"), max_length=100)
    preset = models.CharField(_("kind"), max_length=20, choices=[(p.value, PROFILES[p].label) for p in Preset])
    issuer = models.CharField(_("issuer"), max_length=500, help_text=_("Exactly as the iss claim says it."))
    jwks = models.JSONField(_("JWKS"), null=True, blank=True, default=None)
    jwks_uri = models.CharField(_("JWKS URI"), max_length=2000, blank=True)
    key_set = models.ForeignKey(
        RemoteKeySet, models.PROTECT, null=True, blank=True, editable=False, related_name="identity_providers"
    )
    audiences = models.JSONField(
        _("audiences"), default=list, help_text=_("What the aud claim must hold one of. One per line.")
    )
    token_ttl = models.PositiveIntegerField(
        _("token lifetime (seconds)"),
        default=600,
        validators=[MinValueValidator(lifetimes.SHORTEST_TOKEN_TTL), MaxValueValidator(lifetimes.LONGEST_TOKEN_TTL)],
        help_text=_("30 to 86400, where the statement that decides names none."),
    )
    mode = models.CharField(_("mode"), max_length=10, choices=ProviderMode, default=ProviderMode.ENFORCE)
    enabled = models.BooleanField(_("enabled"), default=True)
    exchange_allowed_ips = AddressListField(_("allowed IPs for exchange requests"), default=list, blank=True)
    token_allowed_ips = AddressListField(_("allowed IPs for minted token use"), default=list, blank=True)
    policy = models.JSONField(_("policy"), default=list)
    policy_text = models.TextField(blank=True, default="")
    acknowledged = models.JSONField(default=list, editable=False)  # names of the linter's warnings
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    created_by = models.CharField(_("created by"), max_length=320, blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)
    version = models.PositiveBigIntegerField(default=1, editable=False)  # counted up by a trigger, see standing.py

    objects: ClassVar[models.Manager[IdentityProvider]] = IdentityProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")
        ordering = ("name",)
        indexes = (models.Index(fields=("organization", "issuer"), name="provider_by_issuer"),)
        constraints = (
            models.UniqueConstraint(fields=("organization", "name"), name="provider_name_unique"),
            models.CheckConstraint(condition=models.Q(mode__in=ProviderMode.values), name="provider_mode_known"),
            models.CheckConstraint(
                condition=models.Q(
                    token_ttl__gte=lifetimes.SHORTEST_TOKEN_TTL, token_ttl__lte=lifetimes.LONGEST_TOKEN_TTL
                ),
                name="provider_token_ttl_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(jwks=None, key_set__isnull=False)
                | models.Q(jwks__isnull=False, key_set=None, jwks_uri=""),
                name="provider_one_source_of_keys",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        errors: dict[str, list[str]] = {}
        if self.jwks and self.jwks_uri:
            errors["jwks"] = [str(_("Give either a JWKS or a JWKS URI; with neither, the issuer is asked."))]
            self.jwks = None
        elif self.jwks is not None:
            try:
                self.jwks = JWKSet.parse(self.jwks).as_document()
            except JWKSetError as error:
                self.jwks = None  # what was pasted may hold a private key: it goes no further than this
                errors["jwks"] = [str(error)]
        if problem := self._audience_problem():
            errors["audiences"] = [problem]
        try:
            read_policy(self.policy)
        except PolicyRefused as refused:
            errors["policy"] = refused.sentences()
        if errors:
            raise ValidationError(errors)

    def _audience_problem(self) -> str:
        if not isinstance(self.audiences, list) or not 0 < len(self.audiences) <= MOST_AUDIENCES:
            return str(_("Name 1 to %d audiences.") % MOST_AUDIENCES)
        if not all(isinstance(audience, str) and 0 < len(audience) <= 500 for audience in self.audiences):
            return str(_("An audience is text of 1 to 500 characters."))
        return ""

    def party(self) -> Party:
        return Party(PartyType.IDENTITY_PROVIDER, self.pk, self.name)

    def keys(self) -> JWKSet:
        """The keys that are held now; of a remote set the last good ones, none before its first fetch."""
        return held_keys(self.key_set.document if self.key_set else self.jwks)

    def trust(self) -> TrustPolicy:
        return read_policy(self.policy)

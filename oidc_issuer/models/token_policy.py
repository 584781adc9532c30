"""What an organization allows its own jobs to ask for."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7
from exchange_apps.models import Organization
from oidc_issuer.token_request import LONGEST_LIFETIME, SHORTEST_MAXIMUM, is_audience

_MOST_AUDIENCES = 100


class AudienceListField(models.JSONField):
    """Audiences, compared exactly."""

    def validate(self, value: Any, model_instance: models.Model | None) -> None:
        super().validate(value, model_instance)
        if not isinstance(value, list) or len(value) > _MOST_AUDIENCES:
            raise ValidationError(_("A list of at most %d audiences is expected.") % _MOST_AUDIENCES)
        for audience in value:
            if not isinstance(audience, str) or not is_audience(audience):
                raise ValidationError(
                    _("“%s” is no audience: no spaces, at most 1024 characters.") % str(audience)[:80]
                )


class IDTokenPolicy(models.Model):
    """At most one for an organization; without one, the defaults hold."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organization = models.OneToOneField(
        Organization, models.CASCADE, related_name="id_token_policy", editable=False, verbose_name=_("organization")
    )
    max_lifetime = models.PositiveIntegerField(
        _("longest lifetime in seconds"),
        default=LONGEST_LIFETIME,
        validators=[MinValueValidator(SHORTEST_MAXIMUM), MaxValueValidator(LONGEST_LIFETIME)],
        help_text=_("Jobs that ask for more are refused. The operator of this installation may have set less."),
    )
    allowed_audiences = AudienceListField(_("allowed audiences"), default=list, blank=True)

    class Meta:
        verbose_name = _("ID token policy")
        verbose_name_plural = _("ID token policies")

    def __str__(self) -> str:
        return f"{self.organization.slug}"

"""The catalogue of scopes an app may be allowed to grant. Operators extend it."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.Model):
    name = models.CharField(
        _("name"),
        max_length=64,
        primary_key=True,
        validators=[RegexValidator(r"\A[A-Za-z0-9_.:/-]{1,64}\Z", _("Use letters, digits and _ . : / -"))],
    )
    group = models.CharField(_("group"), max_length=60)
    label = models.CharField(_("label"), max_length=100)
    description = models.CharField(_("description"), max_length=300, blank=True)
    writes = models.BooleanField(_("can change things"), default=False)

    class Meta:
        verbose_name = _("scope")
        verbose_name_plural = _("scopes")
        ordering = ("group", "name")

    def __str__(self) -> str:
        return self.name

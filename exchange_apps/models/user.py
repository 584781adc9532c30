"""Users: people who sign in to the portal, and whom minted tokens act for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.identifiers import uuid7


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_superuser=True, email_verified=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser):
    """E-mail addresses are kept in lower case and unique without regard to case: the token endpoint finds by them."""

    id = models.UUIDField(_("UUID"), primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(_("e-mail"), max_length=320, unique=True)
    email_verified = models.BooleanField(
        _("e-mail verified"),
        default=False,
        help_text=_("Tokens are minted for an e-mail address only once it is verified."),
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)  # empty: the browser's
    language = models.CharField(_("language"), max_length=10, blank=True)  # empty: the browser's
    is_active = models.BooleanField(_("active"), default=True)
    is_superuser = models.BooleanField(_("operator"), default=False, help_text=_("Operators see every organization."))
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    version = models.PositiveBigIntegerField(default=1, editable=False)  # counted up by a trigger, see standing.py

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = (models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower_case"),)

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def has_perm(self, perm: str, obj: object = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_superuser

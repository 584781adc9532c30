"""Who has which password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend


class EmailBackend(ModelBackend):
    """Django's own, with the operators' permissions left to `User.has_perm`: there are no groups here."""

    def has_perm(self, *args: Any, **kwargs: Any) -> bool:
        return False

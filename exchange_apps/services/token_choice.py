"""Tokens chosen by whose they are: the user they act for, the app, the key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from exchange_apps.models import ExchangeApplication, MintedToken, Organization, User

CHOSEN_BY = ("user", "app", "key_id")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Whose tokens: in words, and as a query. `query` is that of the list that shows them."""

    user: User | None
    app: ExchangeApplication | None
    key_id: str
    tokens: Any
    query: str


def chosen_tokens(organization: Organization, asked: Mapping[str, str]) -> Chosen | None:
    """The tokens of the user, app and key asked for, all of them to fit; None where one is unknown or none is asked."""
    asked = {name: asked[name].strip() for name in CHOSEN_BY if asked.get(name, "").strip()}
    tokens: Any = MintedToken.objects.filter(organization=organization)
    user = app = None
    if "user" in asked:
        user = User.objects.filter(email__iexact=asked["user"], memberships__organization=organization).first()
        tokens = tokens.filter(user=user)
    if "app" in asked:
        uuid = _uuid(asked["app"])
        if uuid is not None:
            app = ExchangeApplication.objects.filter(organization=organization, pk=uuid).first()
        tokens = tokens.filter(application=app)
    if "key_id" in asked:
        tokens = tokens.filter(key_id=asked["key_id"])
    if not asked or ("user" in asked and user is None) or ("app" in asked and app is None):
        return None
    return Chosen(user, app, asked.get("key_id", ""), tokens, urlencode(asked))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None

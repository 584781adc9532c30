"""How many tokens work now: what a page says before somebody stops them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange_apps.models import ExchangeApplication, MintedToken, Organization
from exchange_apps.models.minted_token import MintedTokenQuerySet

MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Capped:
    """A count that stops at a limit, so that it costs the same however much there is."""

    value: int
    limit: int = MOST_COUNTED

    @property
    def is_beyond(self) -> bool:
        return self.value > self.limit

    @property
    def shown(self) -> str:
        return f"{self.limit:,}+" if self.is_beyond else f"{self.value:,}"


def count_live_tokens(
    of: Organization | ExchangeApplication | MintedTokenQuerySet, *, now: datetime, key_id: str | None = None
) -> Capped:
    """Those neither over nor revoked: of an organization, of an app (minted through one key of it), or among some."""
    match of:
        case Organization():
            tokens = MintedToken.objects.filter(organization=of)
        case ExchangeApplication():
            tokens = MintedToken.objects.filter(application=of)
        case _:
            tokens = of
    if key_id is not None:
        tokens = tokens.filter(key_id=key_id)
    return Capped(tokens.live(now).order_by("-id")[: MOST_COUNTED + 1].count())

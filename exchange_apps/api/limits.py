"""Requests a minute: per organization, and per user in it. A request counts against both; either one refuses."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.conf import settings

from exchange_apps.api.errors import ApiError
from exchange_apps.models import MintedToken
from exchange_apps.services import rate_limit
from exchange_apps.services.rate_limit import RedisGone, Window
from exchange_apps.services.writers_turn import unhurried_transaction

logger = logging.getLogger(__name__)
ORGANIZATION, USER = "rest", "rest_user"
_EXCEEDED = "You have exceeded your API rate limit."


class TooManyRequests(ApiError):
    status = 429

    def __init__(self, scope: str, window: Window) -> None:
        message = f"{_EXCEEDED} Please wait {window.reset} seconds before making more requests."
        retry = {"Retry-After": str(window.reset)}
        super().__init__(message, retry, scope=scope, limit=window.limit, current=window.used, reset=window.reset)


@dataclass(frozen=True, slots=True)
class Spent:
    """Both windows after this request."""

    organization: Window
    user: Window

    def headers(self) -> dict[str, str]:
        """On every answer to a bearer; nothing about a limit that there is not."""
        headers = self.organization.headers(ORGANIZATION)
        of_user = self.user.headers(USER)
        headers |= {name.replace("RateLimit-", "RateLimit-User-"): value for name, value in of_user.items()}
        if self.organization.is_exceeded:
            headers["RateLimit-Warning"] = _EXCEEDED
        if self.user.is_exceeded:
            headers["RateLimit-User-Warning"] = _EXCEEDED
        return headers

    def check(self) -> None:
        """Raises TooManyRequests."""
        for scope, window in ((ORGANIZATION, self.organization), (USER, self.user)):
            if window.is_exceeded:
                raise TooManyRequests(scope, window)


def spend(token: MintedToken, *, now_ms: int) -> Spent | None:
    """Count a request; None when Redis is gone: a limit protects the service, it must not be the outage."""
    keys = (
        (f"api:{token.organization_id}", settings.API_RATE_LIMIT),
        (f"api:{token.organization_id}:{token.user_id}", settings.API_USER_RATE_LIMIT),
    )
    try:
        if rate_limit.uses_redis():
            return Spent(*(rate_limit.spend(key, limit, now_ms=now_ms) for key, limit in keys))
        with unhurried_transaction():
            return Spent(*(rate_limit.spend(key, limit, now_ms=now_ms) for key, limit in keys))
    except RedisGone as error:
        logger.warning("limits not checked", extra={"error": str(error)})
        return None

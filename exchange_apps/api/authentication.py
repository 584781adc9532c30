"""The caller of the API: the bearer of a minted token (RFC 6750)."""

from __future__ import annotations

import logging

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from exchange_apps.api.errors import Unauthenticated
from exchange_apps.models import MintedToken, User
from exchange_apps.oauth.bearer import bearer_token
from exchange_apps.services.minted_tokens import InactiveToken

logger = logging.getLogger(__name__)


class BearerAuthentication(BaseAuthentication):
    """`request.user` is whom the token acts for, None for a workload; `request.auth` is the token."""

    def authenticate(self, request: Request) -> tuple[User | None, MintedToken]:
        try:
            token = bearer_token(request._request)
        except InactiveToken as error:
            logger.info("access token refused", extra={"reason": error.why.value})
            raise Unauthenticated(has_token="Authorization" in request.headers) from None
        return token.user, token

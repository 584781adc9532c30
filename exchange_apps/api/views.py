"""What every resource of an organization shares: bearer, limits, scope, role, and the answers' headers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from django.utils import timezone
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from audit.origin import RequestOrigin
from exchange_apps.access import Access, access_of_token
from exchange_apps.api.authentication import BearerAuthentication
from exchange_apps.api.errors import Forbidden, InsufficientScope, NotFound, answer_exception
from exchange_apps.api.limits import Spent, spend
from exchange_apps.models import MintedToken, Organization
from exchange_apps.services.audited_changes import Author

_NO_TRUST = "A token minted from an identity provider can change no apps, providers, members, keys or settings"


class OrganizationView(APIView):
    """Below `/v2/organizations/{org}`; `org` is the slug or UUID of the token's own organization.

    Subclasses name the scope each method needs, and check the role with `self.access` (`SettingsView` does).
    `changes_trust`: whether writing here changes apps, identity providers, members, keys or settings, which no token of
    a workload may, whomever it acts as.
    """

    authentication_classes = (BearerAuthentication,)
    renderer_classes = (JSONRenderer,)
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]  # noqa: RUF012 - as declared by the base
    scopes: dict[str, str]
    changes_trust = True  # so that a resource that forgets to say is closed
    token: MintedToken
    organization: Organization
    access: Access
    _spent: Spent | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        assert isinstance(request.auth, MintedToken)  # noqa: S101 - what BearerAuthentication gives
        self.token = request.auth
        self._spent = spend(self.token, now_ms=time.time_ns() // 1_000_000)
        if self._spent:
            self._spent.check()
        self.organization = self.token.organization
        if kwargs.get("org", self.organization.slug) not in (self.organization.slug, str(self.organization.pk)):
            raise NotFound
        needed = self.scopes.get("GET" if request.method == "HEAD" else request.method or "")
        if needed is None:
            raise MethodNotAllowed(request.method or "")
        if needed not in self.token.scopes:
            raise InsufficientScope(needed=needed, held=list(self.token.scopes))
        if self.changes_trust and request.method not in SAFE_METHODS and self.token.is_of_workload:
            raise Forbidden(
                "A token minted from an identity provider can change no apps, providers, members, keys or settings"
            )
        self.access = access_of_token(self.token)

    def author(self) -> Author:
        """Whom the token acts for, as the author of a change made now, through the API."""
        origin = replace(RequestOrigin.of(self.request._request), type="APIContext")
        return Author(self.token.principal_party(), origin, timezone.now())

    def get_exception_handler(self) -> Any:
        return answer_exception

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        for name, value in (self._spent.headers() if self._spent else {}).items():
            answer.headers[name] = value
        return answer

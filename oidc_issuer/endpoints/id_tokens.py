"""`POST /v3/jobs/{id}/oidc/tokens`, in the wire format of buildkite-agent."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.origin import RequestOrigin
from exchange_apps.oauth.bearer import api_response
from oidc_issuer.endpoints.json_api import JSONView, Refused, body_of
from oidc_issuer.refusals import IDTokenRefused
from oidc_issuer.services.id_tokens import issue_id_token

logger = logging.getLogger(__name__)
_SCHEMES = ("token", "bearer")  # the agent writes the first


class IDTokenView(JSONView):
    answers = ("post",)

    def post(self, request: HttpRequest, job_id: str) -> HttpResponse:
        now = timezone.now()  # before the key is read: see `active_key`
        secret = job_token(request)
        token = issue_id_token(job_id, secret, body_of(request), origin=RequestOrigin.of(request), now=now)
        return api_response(request, {"token": token})

    def answer_own(self, error: Exception, request: HttpRequest) -> HttpResponse | None:
        if not isinstance(error, IDTokenRefused):
            return None
        logger.info("ID token refused", extra={"reason": error.reason.value})
        headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
        if error.status == 401:
            headers["WWW-Authenticate"] = "Token"
        return api_response(request, {"message": error.message}, error.status, headers)


def job_token(request: HttpRequest) -> str:
    """Raises Refused (401) for a request without one."""
    scheme, _, secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() not in _SCHEMES or not secret.strip():
        message = "A job token is required: Authorization: Token <job token>"
        raise Refused(401, message, WWW_Authenticate="Token")
    return str(secret.strip())

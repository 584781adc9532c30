"""`POST /user/oidc/tokens`: the wire shape of Buddy's exchange, for callers that know only that one (CONTRACT 4.2).

The decision is the token endpoint's. The answer is the bare token, because its callers take the whole body for it.
"""

from __future__ import annotations

import json

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.origin import RequestOrigin
from exchange_apps.domain.buddy_request import parse_buddy_request
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import MethodNotAllowed, OAuthError
from exchange_apps.oauth.exception_handler import as_oauth_error
from exchange_apps.oauth.machine_view import MachineView
from exchange_apps.oauth.requests import read_body
from exchange_apps.services.exchange_attempt import ExchangeAttempt, log_denied
from exchange_apps.services.workload_exchange import exchange_foreign_token


class BuddyTokenView(MachineView):
    answers = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        origin = RequestOrigin.of(request)
        try:
            wanted = parse_buddy_request(read_body(request))
        except OAuthError as denial:
            log_denied(ExchangeAttempt(origin, timezone.now()), denial)
            raise
        issued = exchange_foreign_token(wanted, origin=origin, now=timezone.now())
        headers = {"Cache-Control": "no-store", "Pragma": "no-cache"} | issued.budget.headers("exchange")
        return HttpResponse(issued.token.secret, content_type="text/plain; charset=utf-8", headers=headers)

    def refuse_method(self, request: HttpRequest) -> HttpResponse:
        denial = MethodNotAllowed(DenialReason.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        log_denied(ExchangeAttempt(RequestOrigin.of(request), timezone.now()), denial)
        return _refused(denial, request)

    def answer_exception(self, error: Exception, request: HttpRequest) -> HttpResponse:
        return _refused(as_oauth_error(error), request)


def _refused(denial: OAuthError, request: HttpRequest) -> HttpResponse:
    body = {"errors": [{"message": denial.description}], "request_id": request.request_id}  # type: ignore[attr-defined]
    retry = {} if denial.retry_after is None else {"Retry-After": str(denial.retry_after)}
    headers = {"Cache-Control": "no-store", "Pragma": "no-cache"} | denial.headers | retry
    return HttpResponse(json.dumps(body), content_type="application/json", status=denial.status, headers=headers)

"""`POST /oauth/token`: read, exchange, answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.origin import RequestOrigin
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import MethodNotAllowed, OAuthError
from exchange_apps.domain.token_exchange import TokenExchangeRequest
from exchange_apps.domain.token_request import SentForm, TokenRequest, parse_token_request
from exchange_apps.domain.workload_request import WorkloadRequest
from exchange_apps.oauth.exception_handler import answer_exception
from exchange_apps.oauth.machine_view import MachineView
from exchange_apps.oauth.requests import read_form
from exchange_apps.oauth.responses import error_response, token_response
from exchange_apps.services.downscoping import downscope_token
from exchange_apps.services.exchange_attempt import ExchangeAttempt, close_denied, log_denied
from exchange_apps.services.exchange_flow import IssuedToken
from exchange_apps.services.exchange_steps import attribute_malformed
from exchange_apps.services.standings import FreshStandings
from exchange_apps.services.token_exchange import exchange_token
from exchange_apps.services.workload_exchange import exchange_foreign_token


class TokenView(MachineView):
    answers = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        origin = RequestOrigin.of(request)
        try:
            sent = read_form(request)
        except OAuthError as denial:
            log_denied(ExchangeAttempt(origin, timezone.now()), denial)
            raise
        try:
            wanted = parse_token_request(sent)
        except OAuthError as denial:
            raise _attributed(denial, sent, origin) from None
        return token_response(_exchanged(wanted, origin))

    def refuse_method(self, request: HttpRequest) -> HttpResponse:
        denial = MethodNotAllowed(DenialReason.METHOD_NOT_ALLOWED, headers={"Allow": "POST"})
        log_denied(ExchangeAttempt(RequestOrigin.of(request), timezone.now()), denial)
        return error_response(denial, request.request_id)  # type: ignore[attr-defined]

    def answer_exception(self, error: Exception, request: HttpRequest) -> HttpResponse:
        return answer_exception(error, request)


def _exchanged(wanted: TokenRequest, origin: RequestOrigin) -> IssuedToken:
    now = timezone.now()
    if isinstance(wanted, TokenExchangeRequest):
        return exchange_token(wanted, origin=origin, now=now)
    if isinstance(wanted, WorkloadRequest):
        return exchange_foreign_token(wanted, origin=origin, now=now)
    return downscope_token(wanted, origin=origin, now=now)


def _attributed(denial: OAuthError, sent: SentForm, origin: RequestOrigin) -> OAuthError:
    """A malformed request with a good assertion belongs into its organization's log all the same."""
    attempt = ExchangeAttempt(origin, timezone.now())
    attribute_malformed(denial, sent.client_assertion, attempt, FreshStandings())
    return close_denied(attempt, denial)

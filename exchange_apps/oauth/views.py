"""`POST /oauth/token`: read, exchange, answer."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from audit.origin import RequestOrigin
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest, OAuthError
from exchange_apps.oauth.exception_handler import answer_exception
from exchange_apps.oauth.machine_view import MachineView
from exchange_apps.oauth.requests import Form, parse_token_request, read_form
from exchange_apps.oauth.responses import error_response, token_response
from exchange_apps.services.exchange_attempt import ExchangeAttempt, close_denied
from exchange_apps.services.token_exchange import exchange_token, prove_sender


class TokenView(MachineView):
    answers = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        origin = RequestOrigin.of(request)
        form = read_form(request)
        try:
            wanted = parse_token_request(form)
        except OAuthError as denial:
            raise _attributed(denial, form, origin) from None
        return token_response(exchange_token(wanted, origin=origin, now=timezone.now()))

    def refuse_method(self, request: HttpRequest) -> HttpResponse:
        error = InvalidRequest(DenialReason.NOT_A_FORM)
        response = error_response(error, request.request_id)  # type: ignore[attr-defined]
        response.status_code = 405
        response["Allow"] = "POST"
        return response

    def answer_exception(self, error: Exception, request: HttpRequest) -> HttpResponse:
        return answer_exception(error, request)


def _attributed(denial: OAuthError, form: Form, origin: RequestOrigin) -> OAuthError:
    """A malformed request with a good assertion belongs into its organization's log all the same."""
    attempt = ExchangeAttempt(origin, timezone.now())
    if "client_assertion" in form:
        prove_sender(form["client_assertion"], attempt)
    return close_denied(attempt, denial)

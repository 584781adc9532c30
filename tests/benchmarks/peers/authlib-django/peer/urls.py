"""The token endpoint: one transaction a request."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from peer.oauth import server


@transaction.atomic
def token(request: HttpRequest) -> HttpResponse:
    """Answer ``POST /token``."""
    return server.create_token_response(request)


urlpatterns = [path("token", token)]

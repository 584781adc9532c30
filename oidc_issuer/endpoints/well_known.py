"""The documents anybody may read: provider metadata and public keys."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.utils import timezone
from django.utils.cache import get_conditional_response

from oidc_issuer import checkpoints
from oidc_issuer.discovery import provider_metadata
from oidc_issuer.keys import JWKS_MAX_AGE
from oidc_issuer.models import ALGORITHMS
from oidc_issuer.services.signatures import published_keys

_MAX_AGE = int(JWKS_MAX_AGE.total_seconds())


def openid_configuration(request: HttpRequest) -> HttpResponseBase:
    return _document(request, provider_metadata(settings.PUBLIC_URL, ALGORITHMS), _MAX_AGE)


def jwks(request: HttpRequest) -> HttpResponseBase:
    return _document(request, *published_keys(timezone.now()))


def audit_checkpoint_keys(request: HttpRequest) -> HttpResponseBase:
    return _document(request, checkpoints.public_keys(), _MAX_AGE)


def _document(request: HttpRequest, document: dict[str, Any], max_age: int) -> HttpResponseBase:
    """200, or 304 for whoever has it already (RFC 9110 section 13). `max_age` in seconds; 0: not to be kept at all."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(("GET", "HEAD"))
    body = json.dumps(document)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    headers = {
        "Cache-Control": f"public, max-age={max_age}" if max_age else "no-store",
        "ETag": etag,
        "Access-Control-Allow-Origin": "*",  # public by nature; verifiers in browsers read it too
    }
    response = HttpResponse(body, content_type="application/json", headers=headers)
    return get_conditional_response(request, etag=etag, response=response)  # type: ignore[return-value]

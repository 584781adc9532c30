"""The request of `POST /user/oidc/tokens`, as callers of Buddy's exchange send it: a JSON object of two texts."""

from __future__ import annotations

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidGrant, InvalidRequest
from exchange_apps.domain.strict_json import StrictJSONError, parse_json
from exchange_apps.domain.workload_request import WorkloadRequest

_LONGEST_BODY = 64 * 1024


def parse_buddy_request(body: bytes) -> WorkloadRequest:
    """Raises InvalidRequest. Members that are not known are ignored, as parameters are."""
    try:
        document = parse_json(body, most_bytes=_LONGEST_BODY)
    except StrictJSONError:
        document = None
    if not isinstance(document, dict):
        raise InvalidRequest(DenialReason.NOT_A_JSON_OBJECT)
    return WorkloadRequest(
        token=_text(document, "web_identity_token"),
        provider_id=_text(document, "provider_id"),
        audience=None,
        scopes=None,
        expires_in=None,
        resource=None,
        refusal=InvalidGrant,
    )


def _text(document: dict[str, object], name: str) -> str:
    value = document.get(name)
    if value is None or value == "":
        raise InvalidRequest(DenialReason.PARAMETER_MISSING, parameter=name)
    if not isinstance(value, str) or not value.isprintable():
        raise InvalidRequest(DenialReason.PARAMETER_MALFORMED, parameter=name, expected="printable text")
    return value

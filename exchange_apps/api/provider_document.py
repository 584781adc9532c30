"""An identity provider as JSON: how it is told, and how what somebody sends becomes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from jsonschema import Draft202012Validator

from exchange_apps.api.errors import ApiError
from exchange_apps.domain.problems import Problem
from exchange_apps.domain.trust_linter import Finding
from exchange_apps.models import IdentityProvider
from exchange_apps.services.configuration.schema import IDENTITY_PROVIDER, STATEMENT
from exchange_apps.services.configuration.validation import told

_NOT_HERE = ("uuid", "jwks_file")
WRITABLE = tuple(name for name in IDENTITY_PROVIDER["properties"] if name not in _NOT_HERE)
_SHAPE = Draft202012Validator(
    {
        "type": "object",
        "properties": {name: IDENTITY_PROVIDER["properties"][name] for name in WRITABLE}
        | {"acknowledge": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": False,
        "$defs": {"trust_statement": STATEMENT},
    }
)


class Unprocessable(ApiError):
    """What was sent can be read, and cannot be saved (RFC 9110 section 15.5.21)."""

    status = 422


def document_of(provider: IdentityProvider) -> dict[str, Any]:
    base = f"{settings.PUBLIC_URL}/v2/organizations/{provider.organization.slug}/identity-providers"
    return {
        "uuid": str(provider.pk),
        **{name: getattr(provider, name) for name in WRITABLE},
        "jwks_uri": provider.jwks_uri or None,
        "acknowledged": provider.acknowledged,
        "created_at": provider.created_at.isoformat(timespec="milliseconds"),
        "created_by": provider.created_by,
        "updated_at": provider.updated_at.isoformat(timespec="milliseconds"),
        "url": f"{base}/{provider.pk}",
    }


def take_in(provider: IdentityProvider, sent: Any) -> list[str]:
    """Put what was sent into the provider; answers the names of the acknowledged warnings. Raises Unprocessable."""
    if not isinstance(sent, Mapping):
        raise Unprocessable("Send a JSON object")
    values = {name: value for name, value in sent.items() if name not in ("jwks", "jwks_uri") or value is not None}
    problems = [problem for error in _SHAPE.iter_errors(values) for problem in told(error)]
    if "jwks" in values and "jwks_uri" in values:
        problems.append((("jwks",), "Give the keys as jwks or as jwks_uri, not both."))
    if problems:
        errors = [{"field": Problem(path, "").place, "message": sentence} for path, sentence in problems]
        raise Unprocessable("This identity provider cannot be saved", errors=errors)
    if sent.keys() & {"jwks", "jwks_uri"}:
        provider.jwks, provider.jwks_uri = None, ""
    if "policy" in values and values["policy"] != provider.policy:
        provider.policy_text = ""  # what somebody wrote in the portal is no longer what holds
    for name in values.keys() & set(WRITABLE):
        setattr(provider, name, values[name])
    acknowledged: list[str] = values.get("acknowledge", [])
    return acknowledged


def refusal(error: ValidationError, findings: list[Finding]) -> Unprocessable:
    """What the services refused, with all that the linter says."""
    return Unprocessable(
        "This identity provider cannot be saved",
        errors=list(_field_errors(error)),
        findings=[
            {
                "name": finding.name,
                "severity": finding.severity.value,
                "field": Problem(finding.path, "").place,
                "message": finding.message,
            }
            for finding in findings
        ],
    )


def _field_errors(error: ValidationError) -> Iterator[dict[str, str]]:
    for field, sentences in getattr(error, "message_dict", {"": error.messages}).items():
        yield from ({"field": field.replace("__all__", ""), "message": sentence} for sentence in sentences)

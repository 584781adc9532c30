"""Ready calls with an app's real values, in four languages. The file of the private key is their only placeholder.

Every value is written as a literal of its language: a key id may hold whatever its owner liked.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from exchange_apps.domain import urns
from exchange_apps.models import ExchangeApplication

_LONGEST_ASSERTION = 300  # seconds: short, and within what every app may set as its maximum but for the strictest
_LANGUAGES = (
    ("curl", _("curl and openssl"), "curl.sh.txt"),
    ("python", _("Python"), "python.py.txt"),
    ("go", _("Go"), "go.go.txt"),
    ("node", _("Node"), "node.mjs.txt"),
)


@dataclass(frozen=True, slots=True)
class ExampleCall:
    key: str
    label: Any
    text: str


def example_calls(app: ExchangeApplication, *, email: str) -> list[ExampleCall]:
    """A program for each language that signs an assertion and exchanges it for a token of the user `email`."""
    values = _values_of(app, email)
    return [ExampleCall(key, label, _render(name, key, values)) for key, label, name in _LANGUAGES]


def _values_of(app: ExchangeApplication, email: str) -> dict[str, Any]:
    key = next(iter(app.keys().keys), None)
    algorithm = "RS256" if key is None else key.algorithm
    header = {"alg": algorithm, "typ": "JWT"} | ({} if key is None else {"kid": key.kid})
    lifetime = min(_LONGEST_ASSERTION, app.max_assertion_lifetime)
    return {
        "client_id": app.client_id,
        "algorithm": algorithm,
        "kid": None if key is None else key.kid,
        "header": json.dumps(header, separators=(",", ":")),
        "assertion_audience": settings.PUBLIC_URL,
        "endpoint": f"{settings.PUBLIC_URL}/oauth/token",
        "lifetime": lifetime,
        "lifetime_text": f"{lifetime}s",
        "parameters": _parameters(app, email),
    }


def _parameters(app: ExchangeApplication, email: str) -> dict[str, str]:
    return {
        "grant_type": urns.GRANT_TOKEN_EXCHANGE,
        "client_assertion_type": urns.CLIENT_ASSERTION_JWT_BEARER,
        "subject_token": email,
        "subject_token_type": urns.SUBJECT_USER_EMAIL,
        "audience": app.organization.slug,
        "scope": " ".join(app.default_scopes or app.grantable_scopes[:1]),
    }


def _render(template: str, language: str, values: dict[str, Any]) -> str:
    literal = shlex.quote if language == "curl" else _string_literal
    context = {name: literal(value) if isinstance(value, str) else value for name, value in values.items()}
    context["parameters"] = _parameter_literals(language, values["parameters"], literal)
    context["algorithm_name"] = values["algorithm"]
    return render_to_string(f"portal/calls/{template}", context).strip() + "\n"


def _parameter_literals(
    language: str, parameters: dict[str, str], literal: Callable[[str], str]
) -> list[tuple[str, str]]:
    if language == "curl":
        return [(name, literal(f"{name}={value}")) for name, value in parameters.items()]
    bare = language == "node"
    return [(name if bare else literal(name), literal(value)) for name, value in parameters.items()]


def _string_literal(text: str) -> str:
    """A JSON string with its characters as they are: the same literal in Python, Go and JavaScript."""
    return json.dumps(text, ensure_ascii=False)

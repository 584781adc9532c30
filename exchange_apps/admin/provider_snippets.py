"""Ready jobs for each CI system, with a provider's real values; there is nothing to fill in."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from exchange_apps.domain import urns
from exchange_apps.domain.identity_presets import Preset
from exchange_apps.models import IdentityProvider

_SYSTEMS: tuple[tuple[str, Any, str], ...] = (
    (Preset.GITHUB_ACTIONS, _("GitHub Actions"), ".github/workflows/deploy.yml"),
    (Preset.GITLAB, _("GitLab"), ".gitlab-ci.yml"),
    (Preset.CIRCLECI, _("CircleCI"), ".circleci/config.yml"),
    (Preset.BUILDKITE, _("Buildkite"), ".buildkite/pipeline.yml"),
    ("curl", _("curl"), ""),
)


@dataclass(frozen=True, slots=True)
class Snippet:
    key: str
    label: Any
    file: str
    text: str
    is_first: bool


def snippets(provider: IdentityProvider) -> list[Snippet]:
    """One for each system, the provider's own opened; any other issuer begins with curl."""
    own = _own_system(provider)
    values = _values_of(provider)
    return [
        Snippet(key, label, file, render_to_string(f"portal/snippets/{key}.txt", values).strip() + "\n", key == own)
        for key, label, file in _SYSTEMS
    ]


def _own_system(provider: IdentityProvider) -> str:
    if provider.preset == Preset.COUNTERFOIL:  # buildkite-agent speaks its protocol
        return Preset.BUILDKITE
    return provider.preset if provider.preset in [key for key, _label, _file in _SYSTEMS] else "curl"


def _values_of(provider: IdentityProvider) -> dict[str, Any]:
    """Each value as the literal of the place it stands in: an audience may hold whatever its owner liked."""
    audience = provider.audiences[0] if provider.audiences else ""
    statement = provider.policy[0] if provider.policy else {}
    return {
        "endpoint": shlex.quote(f"{settings.PUBLIC_URL}/oauth/token"),
        "parameters": [
            shlex.quote(f"{name}={value}")
            for name, value in (
                ("grant_type", urns.GRANT_TOKEN_EXCHANGE),
                ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
                ("client_id", str(provider.pk)),
                ("audience", provider.organization.slug),
            )
        ],
        "audience_shell": shlex.quote(audience),
        "audience_yaml": json.dumps(audience, ensure_ascii=False),
        "audience_query": quote(audience, safe=""),
        "audience_claims": shlex.quote(json.dumps({"aud": audience}, ensure_ascii=False)),
        "scopes": " ".join(statement.get("scopes", ())),
    }

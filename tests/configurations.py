"""Configuration files for tests: a good one, and what `apply` says of it with changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.configuration import ConfigurationRefused, Outcome, apply_configuration
from tests.keys import jwks

ADA = {"email": "ada@acme.test", "name": "Ada", "role": "owner", "email_verified": True}
BOB = {"email": "bob@acme.test"}


def an_app(**changes: Any) -> dict[str, Any]:
    good = {
        "name": "deploy-bot",
        "jwks": jwks("deploy-1"),
        "grantable_scopes": ["read_builds", "write_builds"],
        "default_scopes": ["read_builds"],
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def a_provider(**changes: Any) -> dict[str, Any]:
    good = {
        "name": "github",
        "preset": "github_actions",
        "audiences": ["counterfoil"],
        "jwks": jwks("issuer-1"),
        "policy": [
            {"scopes": ["read_builds"], "claims": {"repository_id": "1001", "repository_owner_id": "77"}},
        ],
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def acme(**changes: Any) -> dict[str, Any]:
    good = {"slug": "acme", "name": "Acme Inc", "members": [ADA, BOB], "token_exchange_apps": [an_app()]}
    return {name: value for name, value in (good | changes).items() if value is not None}


def document(*organizations: Any, **more: Any) -> dict[str, Any]:
    return {"version": 1, "organizations": list(organizations), **more}


def apply(file: dict[str, Any] | bytes, *, name: str = "counterfoil.json", **options: Any) -> Outcome:
    content = file if isinstance(file, bytes) else json.dumps(file).encode()
    author = Author(Party(PartyType.COMMAND, None, "apply"), RequestOrigin.command("apply"), timezone.now())
    defaults: dict[str, Any] = {"environment": {}, "folder": Path()}
    return apply_configuration(content, name=name, author=author, **(defaults | options))


def refusals(file: dict[str, Any] | bytes, **options: Any) -> dict[str, str]:
    """Place → sentence of everything that is wrong; empty when it was applied."""
    try:
        apply(file, **options)
    except ConfigurationRefused as refused:
        problems = refused.problems
    else:
        problems = ()
    places = [problem.place for problem in problems]
    assert len(places) == len(set(places)), f"a place has two sentences: {problems}"
    return {problem.place: problem.message for problem in problems}

"""The demo organization: loaded once into an empty embedded database, through `apply` like any other."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.management.key_files import PRIVATE_KEY, public_keys, read_private_key, write_key_pair
from exchange_apps.models import ExchangeApplication
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.configuration import apply_configuration

ORGANIZATION, APPLICATION = "demo", "deploy-bot"
OWNER, MEMBER = "ada@example.test", "grace@example.test"


@dataclass(frozen=True, slots=True)
class Demo:
    """What is needed to try it out. `password` is the owner's, known only when it was just generated."""

    client_id: str
    key: Path
    password: str | None = None


def load_demo() -> Demo:
    """Create the organization, and its key pair where there is none yet. Raises CommandError."""
    key = _key()
    if not key.exists():
        write_key_pair(key.parent, "RS256", None)
    password = secrets.token_urlsafe(12)
    outcome = apply_configuration(
        json.dumps(_configuration(public_keys(read_private_key(key)).as_document())).encode(),
        name="demo.json",
        author=Author(Party(PartyType.COMMAND, None, "run"), RequestOrigin.command("run"), timezone.now()),
        environment={"DEMO_PASSWORD": password},
    )
    client_id = outcome.organizations[0].applications[0].names["client_id"]
    return Demo(str(client_id), key, password)


def find_demo() -> Demo | None:
    """The demo of an earlier run, if it is still there."""
    found = ExchangeApplication.objects.filter(organization__slug=ORGANIZATION, name=APPLICATION).first()
    return Demo(found.client_id, _key()) if found and settings.EMBEDDED and _key().exists() else None


def _key() -> Path:
    return Path(settings.VAR_DIR) / "demo" / PRIVATE_KEY


def _configuration(jwks: object) -> dict[str, object]:
    owner = {"email": OWNER, "name": "Ada", "role": "owner", "email_verified": True, "password_env": "DEMO_PASSWORD"}
    member = {"email": MEMBER, "name": "Grace", "role": "member", "email_verified": True}
    application = {
        "name": APPLICATION,
        "description": "The demo's deploy service. Its private key is in var/demo.",
        "jwks": jwks,
        "grantable_scopes": ["read_builds", "read_pipelines", "write_builds"],
        "default_scopes": ["read_builds"],
    }
    organization = {
        "slug": ORGANIZATION,
        "name": "Demo",
        "members": [owner, member],
        "token_exchange_apps": [application],
    }
    return {"version": 1, "organizations": [organization]}

"""The shape of a configuration file as JSON Schema (draft 2020-12); published as docs/configuration.schema.json.

It says what can be said without looking anywhere: keys, types, bounds. `apply` finds the rest.
"""

from __future__ import annotations

from typing import Any

from exchange_apps.domain import lifetimes
from exchange_apps.models import MOST_URI_CHARACTERS, Role

Schema = dict[str, Any]

NOT_YET = frozenset({"identity_providers", "resource_servers", "clusters", "pipelines"})
"""Keys that are promised and that this version does not know."""

FORMS = {
    "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$": "a UUID",
    "^[A-Za-z0-9_.:/-]+$": "letters, digits and _ . : / -",
    "^[^@\\s]+@[^@\\s]+$": "an e-mail address such as ada@acme.test",
    "^[0-9a-f]{20}$": "20 lower-case hexadecimal digits",
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$": "a-z, 0-9 and hyphens inside, such as acme-tools",
}
"""The patterns below, as people say them."""


def _text(description: str, *, most: int, least: int = 1, **more: Any) -> Schema:
    return {"type": "string", "description": description, "minLength": least, "maxLength": most, **more}


def _switch(description: str, default: bool) -> Schema:
    return {"type": "boolean", "description": description, "default": default}


def _number(description: str, least: int, most: int, default: int) -> Schema:
    return {"type": "integer", "description": description, "minimum": least, "maximum": most, "default": default}


def _texts(description: str, **more: Any) -> Schema:
    return {"type": "array", "description": description, "items": {"type": "string"}, **more}


def _entries(description: str, definition: str) -> Schema:
    return {"type": "array", "description": description, "items": {"$ref": f"#/$defs/{definition}"}}


def _entry(description: str, required: list[str], properties: Schema, **more: Any) -> Schema:
    return {
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
        "additionalProperties": False,
        **more,
    }


_UUID = {
    "type": "string",
    "description": "Taken on creation; generated when absent. It never changes afterwards.",
    "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}

SCOPE = _entry(
    "A scope of the whole installation, beside those it comes with.",
    ["name"],
    {
        "name": _text("The key: what stands in a request.", most=64, pattern="^[A-Za-z0-9_.:/-]+$"),
        "group": _text("The heading it stands under.", most=60, default="Other"),
        "label": _text("What people read; the name when absent.", most=100),
        "description": _text("What it allows.", least=0, most=300, default=""),
        "writes": _switch("Whether it can change things.", False),
    },
)

MEMBER = _entry(
    "A person in the organization. Name, verification and password belong to the person, in all organizations.",
    ["email"],
    {
        "email": _text("The key, without regard to case.", most=320, pattern="^[^@\\s]+@[^@\\s]+$"),
        "uuid": _UUID,
        "name": _text("What others read.", least=0, most=200, default=""),
        "role": {"type": "string", "description": "What the person may do.", "enum": Role.values, "default": "member"},
        "email_verified": _switch("Tokens are minted for an address only once it is verified.", False),
        "active": _switch("Off: no tokens for this person here, and live ones stop working.", True),
        "password_env": _text("The environment variable that holds the password.", most=200),
    },
)

APPLICATION = _entry(
    "A signing service of the organization, known by its public keys.",
    ["name"],
    {
        "name": _text("The key inside the organization.", most=100),
        "uuid": _UUID,
        "description": _text("What it is for.", least=0, most=1000, default=""),
        "client_id": {"type": "string", "description": "Generated when absent.", "pattern": "^[0-9a-f]{20}$"},
        "jwks": {"type": "object", "description": "The public keys, a JSON Web Key Set."},
        "jwks_file": _text("A file with the key set; its path is relative to this file.", most=4096),
        "jwks_uri": _text("An https address that publishes the key set.", most=MOST_URI_CHARACTERS),
        "grantable_scopes": _texts("The most a minted token can carry. Required on creation.", minItems=1),
        "default_scopes": _texts("Granted when a request names none.", default=[]),
        "exchange_allowed_ips": _texts("Who may call the token endpoint; empty: anyone.", default=[]),
        "token_allowed_ips": _texts("Where minted tokens may be used from; empty: anywhere.", default=[]),
        "max_token_ttl": _number(
            "Seconds.", lifetimes.SHORTEST_TOKEN_TTL, lifetimes.LONGEST_TOKEN_TTL, lifetimes.DEFAULT_TOKEN_TTL
        ),
        "max_assertion_lifetime": _number(
            "Seconds.",
            lifetimes.SHORTEST_ASSERTION_LIFETIME,
            lifetimes.LONGEST_ASSERTION_LIFETIME,
            lifetimes.DEFAULT_ASSERTION_LIFETIME,
        ),
        "enabled": _switch("Off: exchanges are refused and live tokens stop working.", True),
    },
    oneOf=[{"required": ["jwks"]}, {"required": ["jwks_file"]}, {"required": ["jwks_uri"]}],
)

ORGANIZATION = _entry(
    "One organization. What a key leaves out stays as it is, or takes the default on creation.",
    ["slug"],
    {
        "slug": _text("The key.", most=63, pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
        "uuid": _UUID,
        "name": _text("What people read; the slug when absent.", most=200),
        "token_exchange_enabled": _switch("Off: no app can mint, and live tokens stop working.", True),
        "require_jti": _switch("Every assertion must carry a jti.", False),
        "exchange_rate_limit": _number("Exchanges per minute; 0: no limit.", 0, 1_000_000, 600),
        "allowed_ips": _texts("Where minted tokens may be used from, on top of each app's list.", default=[]),
        "members": _entries("People; each is named by the e-mail address.", "member"),
        "token_exchange_apps": _entries("Apps; each is named by its name.", "token_exchange_app"),
        "prune": _switch("Remove members and apps that the lists given here do not name.", False),
    },
)

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Counterfoil configuration",
    **_entry(
        "What `manage.py apply` reads, as YAML or JSON.",
        ["version"],
        {
            "version": {"const": 1, "description": "The version of this format."},
            "scopes": _entries("Scopes to add to the catalogue, or to change there.", "scope"),
            "organizations": _entries("Organizations; each is named by its slug.", "organization"),
            "prune": _switch("Remove organizations that the list given here does not name.", False),
        },
    ),
    "$defs": {"scope": SCOPE, "organization": ORGANIZATION, "member": MEMBER, "token_exchange_app": APPLICATION},
}

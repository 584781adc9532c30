"""The shape of a configuration file as JSON Schema (draft 2020-12); published as docs/configuration.schema.json.

It says what can be said without looking anywhere: keys, types, bounds. `apply` finds the rest.
"""

from __future__ import annotations

from functools import cache

from exchange_apps.domain import lifetimes
from exchange_apps.domain.identity_presets import Preset
from exchange_apps.models import MOST_URI_CHARACTERS, ProviderMode, Role
from exchange_apps.services.configuration.schema_parts import (
    UUID,
    Schema,
    entries_of,
    entry,
    number,
    switch,
    text,
    texts,
)
from exchange_apps.services.configuration.sections import sections

NOT_YET = frozenset({"resource_servers"})
"""Keys that are promised and that this version does not know."""

FORMS = {
    "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$": "a UUID",
    "^[A-Za-z0-9_.:/-]+$": "letters, digits and _ . : / -",
    "^[^@\\s]+@[^@\\s]+$": "an e-mail address such as ada@acme.test",
    "^[0-9a-f]{20}$": "20 lower-case hexadecimal digits",
    "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$": "a-z, 0-9 and hyphens inside, such as acme-tools",
}
"""The patterns below, as people say them."""


SCOPE = entry(
    "A scope of the whole installation, beside those it comes with.",
    ["name"],
    {
        "name": text("The key: what stands in a request.", most=64, pattern="^[A-Za-z0-9_.:/-]+$"),
        "group": text("The heading it stands under.", most=60, default="Other"),
        "label": text("What people read; the name when absent.", most=100),
        "description": text("What it allows.", least=0, most=300, default=""),
        "writes": switch("Whether it can change things.", False),
    },
)

MEMBER = entry(
    "A person in the organization. Name, verification and password belong to the person, in all organizations.",
    ["email"],
    {
        "email": text("The key, without regard to case.", most=320, pattern="^[^@\\s]+@[^@\\s]+$"),
        "uuid": UUID,
        "name": text("What others read.", least=0, most=200, default=""),
        "role": {"type": "string", "description": "What the person may do.", "enum": Role.values, "default": "member"},
        "email_verified": switch("Tokens are minted for an address only once it is verified.", False),
        "active": switch("Off: no tokens for this person here, and live ones stop working.", True),
        "password_env": text("The environment variable that holds the password.", most=200),
    },
)

APPLICATION = entry(
    "A signing service of the organization, known by its public keys.",
    ["name"],
    {
        "name": text("The key inside the organization.", most=100),
        "uuid": UUID,
        "description": text("What it is for.", least=0, most=1000, default=""),
        "client_id": {"type": "string", "description": "Generated when absent.", "pattern": "^[0-9a-f]{20}$"},
        "jwks": {"type": "object", "description": "The public keys, a JSON Web Key Set."},
        "jwks_file": text("A file with the key set; its path is relative to this file.", most=4096),
        "jwks_uri": text("An https address that publishes the key set.", most=MOST_URI_CHARACTERS),
        "grantable_scopes": texts("The most a minted token can carry. Required on creation.", minItems=1),
        "default_scopes": texts("Granted when a request names none.", default=[]),
        "exchange_allowed_ips": texts("Who may call the token endpoint; empty: anyone.", default=[]),
        "token_allowed_ips": texts("Where minted tokens may be used from; empty: anywhere.", default=[]),
        "max_token_ttl": number(
            "Seconds.", lifetimes.SHORTEST_TOKEN_TTL, lifetimes.LONGEST_TOKEN_TTL, lifetimes.DEFAULT_TOKEN_TTL
        ),
        "max_assertion_lifetime": number(
            "Seconds.",
            lifetimes.SHORTEST_ASSERTION_LIFETIME,
            lifetimes.LONGEST_ASSERTION_LIFETIME,
            lifetimes.DEFAULT_ASSERTION_LIFETIME,
        ),
        "enabled": switch("Off: exchanges are refused and live tokens stop working.", True),
    },
    oneOf=[{"required": ["jwks"]}, {"required": ["jwks_file"]}, {"required": ["jwks_uri"]}],
)

STATEMENT = entry(
    "The first statement whose claims all hold decides, alone.",
    ["scopes"],
    {
        "name": text("What people call it.", most=320),
        "iss": text("The issuer, exactly; the provider's when absent.", most=320),
        "scopes": texts("What it grants.", minItems=1),
        "claims": {
            "type": "object",
            "description": "Claim → a value, or matchers: equals, not_equals, in, not_in, matches.",
        },
        "ttl": {
            "type": "integer",
            "description": "Seconds; the provider's token_ttl when absent.",
            "minimum": lifetimes.SHORTEST_TOKEN_TTL,
            "maximum": lifetimes.LONGEST_TOKEN_TTL,
        },
        "act_as": text("The member whose identity the token carries; the workload itself when absent.", most=320),
    },
)

_KEYS = ("jwks", "jwks_file", "jwks_uri")
IDENTITY_PROVIDER = entry(
    "Somebody else's OIDC issuer that the organization trusts under a policy.",
    ["name"],
    {
        "name": text("The key inside the organization.", most=100),
        "uuid": UUID,
        "preset": {
            "type": "string",
            "description": "The kind of issuer.",
            "enum": [preset.value for preset in Preset],
            "default": Preset.GENERIC.value,
        },
        "issuer": text("Exactly as the iss claim says it; the preset's when absent.", most=500),
        "jwks": {"type": "object", "description": "The issuer's public keys, where it cannot be asked."},
        "jwks_file": text("A file with the key set; its path is relative to this file.", most=4096),
        "jwks_uri": text(
            "An https address that publishes the key set. Without any of the three the issuer is asked.",
            most=MOST_URI_CHARACTERS,
        ),
        "audiences": texts("What aud must hold one of. Required on creation.", minItems=1),
        "token_ttl": number("Seconds.", lifetimes.SHORTEST_TOKEN_TTL, lifetimes.LONGEST_TOKEN_TTL, 600),
        "mode": {
            "type": "string",
            "description": "observe decides and records, and mints nothing.",
            "enum": ProviderMode.values,
            "default": ProviderMode.ENFORCE.value,
        },
        "enabled": switch("Off: exchanges are refused and live tokens stop working.", True),
        "exchange_allowed_ips": texts("Who may call the token endpoint; empty: anyone.", default=[]),
        "token_allowed_ips": texts("Where minted tokens may be used from; empty: anywhere.", default=[]),
        "policy": entries_of("Statements, in order. Required on creation.", "trust_statement"),
    },
    oneOf=[
        *({"required": [key]} for key in _KEYS),
        {"not": {"anyOf": [{"required": [key]} for key in _KEYS]}},
    ],
)


@cache
def configuration_schema() -> Schema:
    """The whole of it, with the lists that packages above bring along."""
    brought = sections()
    organization = entry(
        "One organization. What a key leaves out stays as it is, or takes the default on creation.",
        ["slug"],
        {
            "slug": text("The key.", most=63, pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"),
            "uuid": UUID,
            "name": text("What people read; the slug when absent.", most=200),
            "token_exchange_enabled": switch("Off: no app can mint, and live tokens stop working.", True),
            "require_jti": switch("Every assertion must carry a jti.", False),
            "exchange_rate_limit": number("Exchanges per minute; 0: no limit.", 0, 1_000_000, 600),
            "allowed_ips": texts("Where minted tokens may be used from, on top of each app's list.", default=[]),
            "mfa_required": switch("Members see nothing here before they have a second factor.", False),
            "members": entries_of("People; each is named by the e-mail address.", "member"),
            "token_exchange_apps": entries_of("Apps; each is named by its name.", "token_exchange_app"),
            "identity_providers": entries_of("Identity providers; each is named by its name.", "identity_provider"),
            **{section.key: entries_of(section.description, section.definition) for section in brought},
            "prune": switch("Remove what the lists given here do not name.", False),
        },
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Counterfoil configuration",
        **entry(
            "What `manage.py apply` reads, as YAML or JSON.",
            ["version"],
            {
                "version": {"const": 1, "description": "The version of this format."},
                "scopes": entries_of("Scopes to add to the catalogue, or to change there.", "scope"),
                "organizations": entries_of("Organizations; each is named by its slug.", "organization"),
                "prune": switch("Remove organizations that the list given here does not name.", False),
            },
        ),
        "$defs": {
            "scope": SCOPE,
            "organization": organization,
            "member": MEMBER,
            "token_exchange_app": APPLICATION,
            "identity_provider": IDENTITY_PROVIDER,
            "trust_statement": STATEMENT,
            **{name: found for section in brought for name, found in section.definitions.items()},
        },
    }

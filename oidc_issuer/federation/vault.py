"""HashiCorp Vault (and OpenBao): the JWT auth method, and a role with bound claims."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.conditions import Condition, Row, row_of
from oidc_issuer.federation.quoting import as_json
from oidc_issuer.federation.target import Caution, Paste, Place, Target, plain_request, wide
from oidc_issuer.federation.trust import RefKind, Trust


def role(trust: Trust) -> dict[str, Any]:
    """The document of the role. `glob` is only set where a pattern needs it, since it makes every `*` one."""
    bound = bound_claims(trust)
    document: dict[str, Any] = {
        "role_type": "jwt",
        "user_claim": "sub",
        "bound_audiences": [trust.audience],
        "bound_claims_type": "glob" if any(condition.has_pattern for condition in bound) else "string",
        "bound_claims": {condition.claim: _plain(condition) for condition in bound},
        "token_policies": [trust.places["policy"]],
        "token_type": "batch",
        "token_ttl": "15m",
    }
    if trust.subject_claim and len(trust.subjects) == 1:
        document["bound_subject"] = trust.subjects[0]
    return document


def bound_claims(trust: Trust) -> tuple[Condition, ...]:
    """Vault cannot ask for null. That a build is of no tag, only the composite subject says."""
    asked = tuple(condition for condition in trust.claim_conditions() if condition.values != (None,))
    return asked if trust.subject_claim else (*asked, Condition("sub", trust.subjects))


def _plain(condition: Condition) -> object:
    return condition.values[0] if len(condition.values) == 1 else list(condition.values)


def _pastes(trust: Trust) -> Iterator[Paste]:
    path, quote = trust.places["mount"], shlex.quote
    yield Paste(
        "config",
        _("Auth method"),
        f"vault auth enable -path={path} jwt\n"
        f"vault write auth/{path}/config oidc_discovery_url={quote(trust.issuer)} bound_issuer={quote(trust.issuer)}"
        + (f" \\\n  jwt_supported_algs={trust.algorithm}" if trust.algorithm != "RS256" else ""),
    )
    yield Paste(
        "role",
        _("Role"),
        f"vault write auth/{path}/role/{trust.places['role']} - <<'JSON'\n{as_json(role(trust))}\nJSON",
    )


def _cautions(trust: Trust) -> Iterator[Caution]:
    if trust.ref_kind is RefKind.BRANCH and trust.subject_claim:
        yield wide(
            _(
                "Vault cannot ask for null: builds of tags that name this branch are trusted too. "
                "With the composite subject they are not."
            )
        )


def _tests(trust: Trust, claims: Mapping[str, Any]) -> Iterator[Row]:
    if trust.subject_claim and len(trust.subjects) == 1:
        yield row_of(Condition("sub", trust.subjects), claims)
    for condition in bound_claims(trust):
        yield row_of(condition, claims)


def _use(trust: Trust) -> str:
    login = f"auth/{trust.places['mount']}/login role={trust.places['role']}"
    return f'export VAULT_TOKEN="$(vault write -field=token {login} jwt=@"$token_file")"'


_NAME = r"[A-Za-z0-9_-]{1,100}"
VAULT = Target(
    key="vault",
    label="Vault",
    algorithms=("RS256", "ES256"),
    clock_leeway=60,
    needs_public_issuer=False,
    places=(
        Place("mount", _("Path of the auth method"), "jwt", _NAME),
        Place("role", _("Role"), "deploy", _NAME),
        Place("policy", _("Policy"), "deploy", _NAME),
    ),
    default_audience=lambda places: "vault",
    pastes=_pastes,
    cautions=_cautions,
    tests=_tests,
    request=plain_request,
    use=_use,
)

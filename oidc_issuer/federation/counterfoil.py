"""Counterfoil as the other side: an identity provider, here or at another installation."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain import urns
from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.conditions import Condition, Row, row_of
from oidc_issuer.federation.quoting import quoted
from oidc_issuer.federation.target import Caution, Paste, Place, Target, plain_request
from oidc_issuer.federation.trust import Trust


def policy(trust: Trust) -> str:
    """The trust policy, in YAML: one statement."""
    rules = "".join(f"    {condition.claim}: {_rule(condition)}\n" for condition in trust.claim_conditions())
    scopes = ", ".join(trust.places["scopes"].split())
    return f"- name: {quoted(_name(trust))}\n  scopes: [{scopes}]\n  claims:\n{rules}"


def _name(trust: Trust) -> str:
    slugs = ", ".join(pipeline.slug for pipeline in trust.pipelines[:5])
    return f"jobs of {trust.organization_slug}: {slugs or 'all'}"


def _rule(condition: Condition) -> str:
    """Our own `*` stops at `:` and `/`, and `**` does not."""
    if condition.has_pattern:
        return f"{{matches: [{', '.join(quoted(str(value).replace('*', '**')) for value in condition.values)}]}}"
    values = ["null" if value is None else quoted(value) for value in condition.values]
    return values[0] if len(values) == 1 else f"{{in: [{', '.join(values)}]}}"


def _pastes(trust: Trust) -> Iterator[Paste]:
    text = policy(trust)
    yield Paste("policy", _("Trust policy"), text)
    indented = "".join(f"    {line}\n" for line in text.splitlines())
    yield Paste(
        "apply",
        _("Configuration file"),
        f"identity_providers:\n- name: counterfoil-jobs\n  preset: counterfoil\n  issuer: {quoted(trust.issuer)}\n"
        f"  audiences: [{quoted(trust.audience)}]\n  policy:\n{indented}",
    )


def _cautions(trust: Trust) -> Iterator[Caution]:
    return iter(())


def _tests(trust: Trust, claims: Mapping[str, Any]) -> Iterator[Row]:
    for condition in trust.claim_conditions():
        yield row_of(condition, claims)


def _use(trust: Trust) -> str:
    quote, places = shlex.quote, trust.places
    return (
        f"curl --silent --show-error --fail-with-body {quote(places['server'] + '/oauth/token')} \\\n"
        f"  --data-urlencode grant_type={urns.GRANT_TOKEN_EXCHANGE} \\\n"
        '  --data-urlencode subject_token@"$token_file" \\\n'
        "  --data-urlencode subject_token_type=urn:ietf:params:oauth:token-type:id_token \\\n"
        f"  --data-urlencode audience={quote(places['organization'])}"
    )


COUNTERFOIL = Target(
    key="counterfoil",
    label="Counterfoil",
    algorithms=("RS256", "ES256"),
    clock_leeway=30,
    needs_public_issuer=False,
    places=(
        Place(
            "server", _("Address of that Counterfoil"), "https://tokens.example.com", r"https?://[^\s\"'\\]+[^\s\"'\\/]"
        ),
        Place("organization", _("Organization there"), "acme", r"[a-z0-9-]{1,100}"),
        Place("scopes", _("Scopes to grant"), "read_builds", r"[a-z_]+(?: [a-z_]+)*"),
    ),
    default_audience=lambda places: "counterfoil",
    pastes=_pastes,
    cautions=_cautions,
    tests=_tests,
    request=plain_request,
    use=_use,
)

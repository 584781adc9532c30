"""Kubernetes: the API server's file of structured authentication, with rules in CEL."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.conditions import Row, row_of
from oidc_issuer.federation.quoting import cel, quoted
from oidc_issuer.federation.target import Caution, Paste, Place, Target, plain_request, wide
from oidc_issuer.federation.trust import Trust


def validation_rules(trust: Trust) -> list[tuple[str, str]]:
    """Each expression on `claims`, with the message of the API server's log."""
    rules = [(cel(condition, "claims"), f"wrong {condition.claim}") for condition in trust.claim_conditions()]
    return [*rules, ("claims.exp - claims.nbf <= 7200", "lives longer than two hours")]


def username(trust: Trust) -> str:
    """An expression. The prefix keeps the names apart from everybody else's."""
    return f"{quoted(trust.places['prefix'])} + claims.sub"


def _group(trust: Trust) -> str:
    return f"{trust.places['prefix']}{trust.organization_slug}"


def _pastes(trust: Trust) -> Iterator[Paste]:
    rules = "".join(
        f"  - expression: {_yaml(expression)}\n    message: {quoted(message)}\n"
        for expression, message in validation_rules(trust)
    )
    yield Paste(
        "authentication",
        _("File of --authentication-config"),
        "# Kubernetes 1.30 and later; from 1.34 on also apiserver.config.k8s.io/v1\n"
        "apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\njwt:\n"
        f"- issuer:\n    url: {quoted(trust.issuer)}\n    audiences:\n    - {quoted(trust.audience)}\n"
        f"  claimValidationRules:\n{rules}"
        f"  claimMappings:\n    username:\n      expression: {_yaml(username(trust))}\n"
        f"    groups:\n      expression: {_yaml('[' + quoted(_group(trust)) + ']')}\n"
        "  userValidationRules:\n  - expression: '!user.username.startsWith(\"system:\")'\n"
        '    message: "names of the system are not for jobs"',
    )
    yield Paste(
        "binding",
        _("Role binding"),
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n"
        f"  name: counterfoil-jobs\n  namespace: {quoted(trust.places['namespace'])}\n"
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}\n"
        f"subjects:\n- {{apiGroup: rbac.authorization.k8s.io, kind: Group, name: {quoted(_group(trust))}}}",
    )


def _yaml(expression: str) -> str:
    """A single-quoted YAML scalar: CEL uses double quotes and backslashes, which mean nothing there."""
    return "'" + expression.replace("'", "''") + "'"


def _cautions(trust: Trust) -> Iterator[Caution]:
    if not trust.subject_claim:
        yield wide(
            _(
                "User names would hold the commit, so each build is another user: bind roles to the group, "
                "or choose the subject claim pipeline_id."
            )
        )


def _tests(trust: Trust, claims: Mapping[str, Any]) -> Iterator[Row]:
    for condition in trust.claim_conditions():
        yield row_of(condition, claims)


def _use(trust: Trust) -> str:
    namespace = shlex.quote(trust.places["namespace"])
    return f'kubectl --namespace {namespace} --token="$(cat "$token_file")" auth whoami'


KUBERNETES = Target(
    key="kubernetes",
    label="Kubernetes",
    algorithms=("RS256", "ES256"),
    clock_leeway=0,
    needs_public_issuer=False,
    places=(
        Place("prefix", _("Prefix of user names"), "counterfoil:", r"[a-z0-9:._-]{1,60}"),
        Place("namespace", _("Namespace"), "shop", r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"),
    ),
    default_audience=lambda places: "kubernetes",
    pastes=_pastes,
    cautions=_cautions,
    tests=_tests,
    request=plain_request,
    use=_use,
)

"""Microsoft Entra: federated credentials of an application, each of one exact subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.conditions import Condition, Row, row_of
from oidc_issuer.federation.quoting import as_json, bicep
from oidc_issuer.federation.target import Caution, Paste, Place, Target, refused, wide
from oidc_issuer.federation.trust import RefKind, Trust
from oidc_issuer.token_request import IDTokenRequest

AUDIENCE = "api://AzureADTokenExchange"
_AUDIENCES = {AUDIENCE, "api://AzureADTokenExchangeUSGov", "api://AzureADTokenExchangeChina"}
_MOST_CREDENTIALS, _MOST_TEXT = 20, 600


def credentials(trust: Trust) -> list[dict[str, Any]]:
    """The documents for `az ad app federated-credential create`, one for each subject."""
    return [
        {
            "name": name,
            "issuer": trust.issuer,
            "subject": subject,
            "audiences": [trust.audience],
            "description": f"Jobs of {trust.organization_slug}, signed by Counterfoil",
        }
        for name, subject in zip(_names(trust), trust.subjects, strict=True)
    ]


def _names(trust: Trust) -> list[str]:
    if trust.subject_claim == "pipeline_id":
        return [f"counterfoil-{pipeline.slug}"[:120] for pipeline in trust.pipelines]
    kind = (trust.subject_claim or "composite").removesuffix("_id")
    return [f"counterfoil-{trust.organization_slug}-{kind}-{number + 1}" for number, _ in enumerate(trust.subjects)]


def _pastes(trust: Trust) -> Iterator[Paste]:
    app = trust.places["app_id"]
    commands = [
        f"az ad app federated-credential create --id {app} --parameters @- <<'JSON'\n{as_json(document)}\nJSON"
        for document in credentials(trust)
    ]
    yield Paste("az", _("Azure CLI"), "\n\n".join(commands))
    blocks = [_bicep(number, document) for number, document in enumerate(credentials(trust), start=1)]
    identity = (
        "resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {\n"
        f"  name: {bicep(trust.places['identity'])}\n}}\n\n"
    )
    yield Paste("bicep", _("Bicep, for a managed identity"), identity + "\n\n".join(blocks))


def _bicep(number: int, document: Mapping[str, Any]) -> str:
    kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31"
    return (
        f"resource credential{number} '{kind}' = {{\n  parent: identity\n  name: {bicep(document['name'])}\n"
        f"  properties: {{\n    issuer: {bicep(document['issuer'])}\n    subject: {bicep(document['subject'])}\n"
        f"    audiences: [{bicep(document['audiences'][0])}]\n  }}\n}}"
    )


def _cautions(trust: Trust) -> Iterator[Caution]:
    if not trust.subject_claim:
        yield refused(
            _(
                "Azure compares the subject exactly, and the composite one holds the commit: no token would ever fit. "
                "Choose the subject claim pipeline_id."
            )
        )
    if len(trust.subjects) > _MOST_CREDENTIALS:
        yield refused(
            _("An application has at most %(most)s federated credentials: choose fewer pipelines, or a cluster."),
            most=_MOST_CREDENTIALS,
        )
    if trust.audience not in _AUDIENCES:
        yield refused(
            _("Azure expects the audience %(wanted)s, in sovereign clouds one of their own."), wanted=AUDIENCE
        )
    if any(len(text) > _MOST_TEXT for text in (trust.issuer, trust.audience, *trust.subjects)):
        yield refused(_("Azure takes issuers, subjects and audiences of at most %(most)s characters."), most=_MOST_TEXT)
    if trust.subject_claim and (trust.ref_kind is not RefKind.ANY or trust.step_key):
        yield wide(
            _(
                "Azure sees nothing but the subject: the branch, tag and step chosen here are not checked. "
                "Give what deploys a pipeline of its own."
            )
        )


def _tests(trust: Trust, claims: Mapping[str, Any]) -> Iterator[Row]:
    if trust.subject_claim:
        yield row_of(Condition("sub", trust.subjects), claims)
    else:
        yield Row("sub", False, "one exact text", claims.get("sub", "(absent)"))


def _request(trust: Trust) -> IDTokenRequest:
    return IDTokenRequest(audience=trust.audience, lifetime=trust.lifetime, subject_claim=trust.subject_claim)


def _use(trust: Trust) -> str:
    return (
        f"az login --service-principal --username {trust.places['app_id']} --tenant {trust.places['tenant']} \\\n"
        '  --federated-token "$(cat "$token_file")"'
    )


_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
AZURE = Target(
    key="azure",
    label="Azure",
    algorithms=("RS256",),
    clock_leeway=300,
    needs_public_issuer=True,
    places=(
        Place("app_id", _("Application (client) ID"), "00000000-0000-4000-8000-000000000001", _UUID),
        Place("tenant", _("Tenant ID"), "00000000-0000-4000-8000-000000000002", _UUID),
        Place("identity", _("Managed identity, for Bicep"), "ci-deploy", r"[A-Za-z0-9][\w-]{2,127}"),
    ),
    default_audience=lambda places: AUDIENCE,
    pastes=_pastes,
    cautions=_cautions,
    tests=_tests,
    request=_request,
    use=_use,
)

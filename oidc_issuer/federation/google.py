"""Google Cloud: a workload identity pool with an OIDC provider, and a service account that its identities may use."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from exchange_apps.domain.translatable import gettext_noop as _
from oidc_issuer.federation.conditions import Row, row_of
from oidc_issuer.federation.quoting import cel, hcl
from oidc_issuer.federation.request_step import agent_arguments
from oidc_issuer.federation.target import Caution, Paste, Place, Target, plain_request, refused
from oidc_issuer.federation.trust import Trust

MOST_SUBJECT_BYTES = 127
_MOST_CONDITION, _MOST_AUDIENCE, _COMMIT = 4096, 256, 40
_ID = r"[a-z][a-z0-9-]{2,30}[a-z0-9]"


def attribute_condition(trust: Trust) -> str:
    """The CEL that a token's claims must meet, on `assertion`."""
    return " && ".join(cel(condition, "assertion") for condition in trust.claim_conditions())


def attribute_mapping(trust: Trust) -> dict[str, str]:
    """`google.subject` and what bindings may name. Claims that can be null are not mapped: Google refuses null."""
    names = ("organization_id", "pipeline_id")
    kept = {name for name in (*trust.claims_to_ask_for(), trust.subject_claim) if name in names}
    attributes = {f"attribute.{name}": f"assertion.{name}" for name in names if name in kept}
    return {"google.subject": "assertion.sub", **attributes, "attribute.build_branch": "assertion.build_branch"}


def members(trust: Trust) -> tuple[str, ...]:
    """Whom the service account is bound to."""
    base = f"iam.googleapis.com/{_pool(trust)}"
    if trust.subject_claim:
        return tuple(f"principal://{base}/subject/{subject}" for subject in trust.subjects)
    if trust.pipelines:
        return tuple(f"principalSet://{base}/attribute.pipeline_id/{pipeline.id}" for pipeline in trust.pipelines)
    return (f"principalSet://{base}/attribute.organization_id/{trust.organization_id}",)


def _pool(trust: Trust) -> str:
    places = trust.places
    return f"projects/{places['project_number']}/locations/global/workloadIdentityPools/{places['pool']}"


def _audience(places: Mapping[str, str]) -> str:
    return (
        f"//iam.googleapis.com/projects/{places['project_number']}/locations/global"
        f"/workloadIdentityPools/{places['pool']}/providers/{places['provider']}"
    )


def _mapping_text(trust: Trust) -> str:
    return ",".join(f"{name}={value}" for name, value in attribute_mapping(trust).items())


def _pastes(trust: Trust) -> Iterator[Paste]:
    places, quote = trust.places, shlex.quote
    allowed = [] if trust.audience == _audience(places) else [trust.audience]
    lines = [
        f"gcloud iam workload-identity-pools create {places['pool']} --location=global",
        f"gcloud iam workload-identity-pools providers create-oidc {places['provider']} \\\n"
        f"  --location=global --workload-identity-pool={places['pool']} \\\n"
        f"  --issuer-uri={quote(trust.issuer)} \\\n"
        + "".join(f"  --allowed-audiences={quote(audience)} \\\n" for audience in allowed)
        + f"  --attribute-mapping={quote(_mapping_text(trust))} \\\n"
        f"  --attribute-condition={quote(attribute_condition(trust))}",
        *(
            f"gcloud iam service-accounts add-iam-policy-binding {quote(places['service_account'])} \\\n"
            f"  --role=roles/iam.workloadIdentityUser \\\n  --member={quote(member)}"
            for member in members(trust)
        ),
    ]
    yield Paste("gcloud", _("gcloud"), "\n\n".join(lines))
    mapping = "".join(f"    {hcl(name)} = {hcl(value)}\n" for name, value in attribute_mapping(trust).items())
    audiences = "".join(f"    allowed_audiences = [{hcl(audience)}]\n" for audience in allowed)
    bound = "".join(f"    {hcl(member)},\n" for member in members(trust))
    yield Paste(
        "terraform",
        _("Terraform"),
        f'resource "google_iam_workload_identity_pool" "ci" {{\n'
        f"  workload_identity_pool_id = {hcl(places['pool'])}\n}}\n\n"
        'resource "google_iam_workload_identity_pool_provider" "counterfoil" {\n'
        "  workload_identity_pool_id = google_iam_workload_identity_pool.ci.workload_identity_pool_id\n"
        f"  workload_identity_pool_provider_id = {hcl(places['provider'])}\n"
        f"  attribute_mapping = {{\n{mapping}  }}\n"
        f"  attribute_condition = {hcl(attribute_condition(trust))}\n"
        f"  oidc {{\n    issuer_uri = {hcl(trust.issuer)}\n{audiences}  }}\n}}\n\n"
        'resource "google_service_account_iam_binding" "job" {\n'
        f"  service_account_id = {hcl('projects/-/serviceAccounts/' + places['service_account'])}\n"
        f'  role               = "roles/iam.workloadIdentityUser"\n  members = [\n{bound}  ]\n}}',
    )


def _cautions(trust: Trust) -> Iterator[Caution]:
    if (length := _likely_subject_bytes(trust)) > MOST_SUBJECT_BYTES:
        yield refused(
            _(
                "Google takes subjects of at most %(most)s bytes; with a commit of 40 digits this one has %(length)s "
                "or more. Choose the subject claim pipeline_id."
            ),
            most=MOST_SUBJECT_BYTES,
            length=length,
        )
    if len(attribute_condition(trust)) > _MOST_CONDITION:
        yield refused(_("Google takes conditions of at most %(most)s characters."), most=_MOST_CONDITION)
    if len(trust.audience) > _MOST_AUDIENCE:
        yield refused(_("Google takes audiences of at most %(most)s characters."), most=_MOST_AUDIENCE)


def _likely_subject_bytes(trust: Trust) -> int:
    return max(
        (len(subject.replace("commit:*", "commit:" + "0" * _COMMIT).encode()) for subject in trust.subjects), default=0
    )


def _tests(trust: Trust, claims: Mapping[str, Any]) -> Iterator[Row]:
    length = len(str(claims.get("sub", "")).encode())
    yield Row("google.subject", length <= MOST_SUBJECT_BYTES, f"at most {MOST_SUBJECT_BYTES} bytes", f"{length} bytes")
    for condition in trust.claim_conditions():
        yield row_of(condition, claims)


def _use(trust: Trust) -> str:
    """The agent itself writes what Google's libraries read from an executable."""
    agent = f"buildkite-agent oidc request-token {agent_arguments(plain_request(trust))} --format gcp"
    provider = _audience(trust.places).removeprefix("//iam.googleapis.com/")
    return (
        f"gcloud iam workload-identity-pools create-cred-config \\\n  {provider} \\\n"
        f"  --service-account={shlex.quote(trust.places['service_account'])} \\\n"
        f"  --executable-command={shlex.quote(agent)} \\\n  --output-file=credentials.json\n"
        "export GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1\n"
        'export GOOGLE_APPLICATION_CREDENTIALS="$PWD/credentials.json"\n'
        "gcloud auth login --cred-file=credentials.json"
    )


GOOGLE = Target(
    key="google",
    label="Google Cloud",
    algorithms=("RS256", "ES256"),
    clock_leeway=0,
    needs_public_issuer=True,
    places=(
        Place("project_number", _("Project number"), "123456789012", r"\d{6,20}"),
        Place("pool", _("Pool"), "ci-pool", _ID),
        Place("provider", _("Provider"), "counterfoil", _ID),
        Place(
            "service_account",
            _("Service account"),
            "deploy@my-project.iam.gserviceaccount.com",
            r"[a-z0-9-]+@[a-z0-9.-]+",
        ),
    ),
    default_audience=_audience,
    pastes=_pastes,
    cautions=_cautions,
    tests=_tests,
    request=plain_request,
    use=_use,
)

"""What is known of the issuers that identity providers are mostly made for: docs/trust-policies.md has the table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Preset(StrEnum):
    GITHUB_ACTIONS = "github_actions"
    GITLAB = "gitlab"
    CIRCLECI = "circleci"
    BUILDKITE = "buildkite"
    COUNTERFOIL = "counterfoil"
    GENERIC = "generic"


@dataclass(frozen=True, slots=True)
class IssuerProfile:
    """One kind of issuer. Claims are named as they stand in its ID tokens.

    `shared_issuers` serve every customer under one `iss`, so there a statement must name its tenant by one of
    `tenant_claims`. `immutable` leads from a name that can be given to somebody else to the identifier that cannot.
    `narrowing` are claims that say which part of a tenant a token is from. `subject_tenant` finds the tenant's name in
    the beginning of a `sub`.
    """

    preset: Preset
    label: str
    issuer: str = ""
    issuer_hint: str = ""
    issuer_form: str = r".+"
    shared_issuers: frozenset[str] = frozenset()
    tenant_claims: tuple[str, ...] = ()
    immutable: Mapping[str, str] = field(default_factory=dict)
    narrowing: tuple[str, ...] = ()
    subject_tenant: str = ""
    default_audience: str = ""
    list_claims: frozenset[str] = frozenset({"aud"})
    suggested_claims: tuple[str, ...] = ("sub",)

    def has_form(self, issuer: str) -> bool:
        return re.fullmatch(self.issuer_form, issuer) is not None

    def is_shared(self, issuer: str) -> bool:
        return issuer in self.shared_issuers

    def is_default_audience(self, audience: str) -> bool:
        return bool(self.default_audience) and re.fullmatch(self.default_audience, audience) is not None


PROFILES: dict[Preset, IssuerProfile] = {
    profile.preset: profile
    for profile in (
        IssuerProfile(
            Preset.GITHUB_ACTIONS,
            "GitHub Actions",
            issuer="https://token.actions.githubusercontent.com",
            issuer_hint="https://token.actions.githubusercontent.com, or your own server's /_services/token",
            shared_issuers=frozenset({"https://token.actions.githubusercontent.com"}),
            tenant_claims=("repository_owner_id", "repository_id", "repository_owner", "repository"),
            immutable={"repository_owner": "repository_owner_id", "repository": "repository_id"},
            narrowing=("repository_id", "repository", "environment", "job_workflow_ref", "workflow_ref"),
            subject_tenant=r"repo:[^*?/:@]+(?:@[0-9]+)?/",
            default_audience=r"https://github\.com/[^/]+",
            suggested_claims=(
                "repository_owner_id",
                "repository_id",
                "repository",
                "ref",
                "ref_type",
                "ref_protected",
                "environment",
                "event_name",
                "job_workflow_ref",
                "workflow_ref",
                "runner_environment",
                "sub",
            ),
        ),
        IssuerProfile(
            Preset.GITLAB,
            "GitLab",
            issuer="https://gitlab.com",
            issuer_hint="https://gitlab.com, or the address of your own instance",
            shared_issuers=frozenset({"https://gitlab.com"}),
            tenant_claims=("namespace_id", "project_id", "namespace_path", "project_path"),
            immutable={"namespace_path": "namespace_id", "project_path": "project_id"},
            narrowing=("project_id", "project_path", "environment", "ci_config_ref_uri"),
            subject_tenant=r"project_path:[^*?/:]+/",
            default_audience=r"(?:https://)?gitlab\.com",
            list_claims=frozenset({"aud", "groups_direct", "user_identities"}),
            suggested_claims=(
                "namespace_id",
                "project_id",
                "project_path",
                "ref",
                "ref_type",
                "ref_protected",
                "environment",
                "environment_protected",
                "deployment_tier",
                "pipeline_source",
                "ci_config_ref_uri",
                "runner_environment",
                "user_email",
                "sub",
            ),
        ),
        IssuerProfile(
            Preset.CIRCLECI,
            "CircleCI",
            issuer_hint="https://oidc.circleci.com/org/ and your organization's UUID",
            issuer_form=rf"https://oidc\.circleci\.com/org/{_UUID}",
            narrowing=("oidc.circleci.com/project-id", "oidc.circleci.com/context-ids", "oidc.circleci.com/vcs-origin"),
            default_audience=_UUID,
            list_claims=frozenset({"aud", "oidc.circleci.com/context-ids"}),
            suggested_claims=(
                "oidc.circleci.com/project-id",
                "oidc.circleci.com/context-ids",
                "oidc.circleci.com/vcs-origin",
                "oidc.circleci.com/vcs-ref",
                "oidc.circleci.com/ssh-rerun",
                "sub",
            ),
        ),
        IssuerProfile(
            Preset.BUILDKITE,
            "Buildkite",
            issuer="https://agent.buildkite.com",
            shared_issuers=frozenset({"https://agent.buildkite.com"}),
            tenant_claims=("organization_id", "organization_slug"),
            immutable={"organization_slug": "organization_id", "pipeline_slug": "pipeline_id"},
            narrowing=("pipeline_id", "pipeline_slug", "cluster_id", "queue_id"),
            subject_tenant=r"organization:[^*?/:]+:",
            default_audience=r"https://buildkite\.com/[^/]+",
            suggested_claims=(
                "organization_id",
                "organization_slug",
                "pipeline_id",
                "pipeline_slug",
                "build_branch",
                "build_tag",
                "build_source",
                "step_key",
                "cluster_id",
                "queue_id",
                "sub",
            ),
        ),
        IssuerProfile(
            Preset.COUNTERFOIL,
            "Counterfoil",
            issuer_hint="the PUBLIC_URL of the installation that signs",
            tenant_claims=("organization_id", "organization_slug"),
            immutable={"organization_slug": "organization_id", "pipeline_slug": "pipeline_id"},
            narrowing=("pipeline_id", "pipeline_slug", "cluster_id", "queue_id"),
            subject_tenant=r"organization:[^*?/:]+:",
            suggested_claims=(
                "organization_id",
                "organization_slug",
                "pipeline_id",
                "pipeline_slug",
                "build_branch",
                "build_tag",
                "build_source",
                "step_key",
                "cluster_id",
                "queue_id",
                "sub",
            ),
        ),
        IssuerProfile(Preset.GENERIC, "Any OIDC issuer", issuer_hint="https://id.example.com"),
    )
}


def profile_for(preset: Preset, issuer: str) -> IssuerProfile:
    """What the linter should know of an issuer: its own profile where it is a well-known one, whatever was chosen."""
    known = next((profile for profile in PROFILES.values() if profile.is_shared(issuer)), None)
    return known or PROFILES[preset]

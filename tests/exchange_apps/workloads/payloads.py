"""What the CI systems really put into their ID tokens, and a policy that fits each (docs/trust-policies.md)."""

from __future__ import annotations

from typing import Any

from exchange_apps.domain.identity_presets import Preset

ORG, PROJECT = "0b0b0b0b-1111-4222-8333-444444444444", "aaaaaaaa-1111-4222-8333-444444444444"

PAYLOADS: dict[Preset, dict[str, Any]] = {
    Preset.GITHUB_ACTIONS: {
        "sub": "repo:acme@77/shop@1001:ref:refs/heads/main",
        "repository": "acme/shop",
        "repository_id": "1001",
        "repository_owner": "acme",
        "repository_owner_id": "77",
        "repository_visibility": "private",
        "ref": "refs/heads/main",
        "ref_type": "branch",
        "ref_protected": "true",
        "sha": "5d1c0b",
        "actor": "dana",
        "actor_id": "9",
        "event_name": "push",
        "head_ref": "",
        "base_ref": "",
        "workflow": "release",
        "workflow_ref": "acme/shop/.github/workflows/release.yml@refs/heads/main",
        "job_workflow_ref": "acme/shop/.github/workflows/release.yml@refs/heads/main",
        "run_id": "123",
        "run_number": "8",
        "run_attempt": "1",
        "runner_environment": "github-hosted",
    },
    Preset.GITLAB: {
        "sub": "project_path:acme/shop:ref_type:branch:ref:main",
        "namespace_id": "72",
        "namespace_path": "acme",
        "project_id": "20",
        "project_path": "acme/shop",
        "user_id": "1",
        "user_login": "dana",
        "pipeline_id": "900",
        "pipeline_source": "push",
        "job_id": "901",
        "ref": "main",
        "ref_type": "branch",
        "ref_path": "refs/heads/main",
        "ref_protected": "true",
        "groups_direct": ["acme", "acme/deployers"],
        "runner_id": 5,
        "runner_environment": "gitlab-hosted",
        "ci_config_ref_uri": "gitlab.example/acme/shop//.gitlab-ci.yml@refs/heads/main",
        "project_visibility": "private",
    },
    Preset.CIRCLECI: {
        "sub": f"org/{ORG}/project/{PROJECT}/user/cccccccc-1111-4222-8333-444444444444",
        "oidc.circleci.com/project-id": PROJECT,
        "oidc.circleci.com/context-ids": ["dddddddd-1111-4222-8333-444444444444"],
        "oidc.circleci.com/vcs-origin": "github.com/acme/shop",
        "oidc.circleci.com/vcs-ref": "refs/heads/main",
        "oidc.circleci.com/ssh-rerun": False,
    },
    Preset.BUILDKITE: {
        "sub": "organization:acme:pipeline:shop:ref:refs/heads/main:commit:5d1c0b:step:deploy",
        "organization_slug": "acme",
        "organization_id": "0199aaaa-0000-4000-8000-00000000000a",
        "pipeline_slug": "shop",
        "build_number": 42,
        "build_branch": "main",
        "build_tag": None,
        "build_commit": "5d1c0b",
        "step_key": "deploy",
        "job_id": "0199aaaa-0000-4000-8000-000000000001",
        "agent_id": "0199aaaa-0000-4000-8000-000000000002",
        "build_source": "webhook",
        "runner_environment": "self-hosted",
    },
}
RULES: dict[Preset, dict[str, Any]] = {
    Preset.GITHUB_ACTIONS: {
        "repository_owner_id": "77",
        "repository_id": "1001",
        "ref": "refs/heads/main",
        "ref_protected": "true",
        "job_workflow_ref": {"matches": "acme/shop/.github/workflows/*@refs/heads/main"},
    },
    Preset.GITLAB: {
        "namespace_id": "72",
        "project_id": "20",
        "ref_type": "branch",
        "groups_direct": {"in": ["acme/deployers"]},
        "runner_id": 5,
    },
    Preset.CIRCLECI: {
        "oidc.circleci.com/project-id": PROJECT,
        "oidc.circleci.com/context-ids": {"in": ["dddddddd-1111-4222-8333-444444444444"]},
        "oidc.circleci.com/vcs-origin": "github.com/acme/shop",
        "oidc.circleci.com/ssh-rerun": False,
    },
    Preset.BUILDKITE: {
        "organization_id": "0199aaaa-0000-4000-8000-00000000000a",
        "pipeline_slug": "shop",
        "build_tag": None,
        "sub": {"matches": "organization:acme:pipeline:shop:ref:refs/heads/main:**"},
    },
}
# What must not be accepted, with the rule that says so
STRANGERS: dict[Preset, tuple[dict[str, Any], str]] = {
    Preset.GITHUB_ACTIONS: ({"repository_owner_id": "78"}, 'repository_owner_id equals "77"'),
    Preset.GITLAB: ({"groups_direct": ["acme"]}, 'groups_direct in "acme/deployers"'),
    Preset.CIRCLECI: ({"oidc.circleci.com/ssh-rerun": "false"}, "oidc.circleci.com/ssh-rerun equals false"),
    Preset.BUILDKITE: ({"build_tag": "v1"}, "build_tag equals null"),
}

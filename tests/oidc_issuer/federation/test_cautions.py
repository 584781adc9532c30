"""What the assistant warns of, before anybody has pasted anything."""

from __future__ import annotations

from typing import Any

import pytest

from oidc_issuer.federation import TARGETS, RefKind, Severity, Target, cautions
from tests.oidc_issuer.federation.stage import ALL, OTHER, SHOP, trust_for

by_target = pytest.mark.parametrize("target", ALL, ids=lambda target: target.key)


def told(target: Target, severity: Severity, **changes: Any) -> str:
    found = cautions(target, trust_for(target, **changes))
    return " ".join(str(caution.text) for caution in found if caution.severity is severity)


@by_target
def test_a_good_choice_is_refused_by_nobody(target: Target) -> None:
    assert told(target, Severity.REFUSED) == ""


@pytest.mark.parametrize("target", [target for target in ALL if target.key != "azure"], ids=lambda target: target.key)
def test_one_branch_of_one_pipeline_is_not_wide(target: Target) -> None:
    changes: dict[str, Any] = {"subject_claim": ""} if target.key == "vault" else {}
    assert told(target, Severity.WIDE, **changes) == ""


@by_target
@pytest.mark.parametrize("issuer", ["http://localhost:8000", "http://tokens.example.com"])
def test_the_issuer_must_be_https(target: Target, issuer: str) -> None:
    assert "must be https" in told(target, Severity.REFUSED, issuer=issuer)


@by_target
@pytest.mark.parametrize("host", ["10.1.2.3", "tokens", "tokens.internal", "[::1]", "192.168.0.1", "169.254.1.1"])
def test_clouds_cannot_reach_a_private_issuer_and_others_may(target: Target, host: str) -> None:
    is_cloud = target.key in ("aws", "google", "azure")
    assert ("cannot reach" in told(target, Severity.REFUSED, issuer=f"https://{host}")) is is_cloud


@pytest.mark.parametrize(
    ("key", "changes", "sentence"),
    [
        ("aws", {"issuer": "https://tokens.example.com:8443"}, "no issuer with a port"),
        ("aws", {"audience": "a" * 256}, "at most 255 characters"),
        ("aws", {"session_tags": tuple(f"agent_tag:t{n}" for n in range(51))}, "at most 50 session tags"),
        ("aws", {"pipelines": (SHOP,) * 60}, "2048 characters"),
        ("google", {"subject_claim": "", "ref": "a-rather-long-name-of-a-branch"}, "at most 127 bytes"),
        ("google", {"pipelines": (SHOP,) * 110}, "4096 characters"),
        ("google", {"audience": "a" * 257}, "at most 256 characters"),
        ("azure", {"subject_claim": ""}, "holds the commit"),
        ("azure", {"algorithm": "ES256"}, "takes RS256 only"),
        ("azure", {"audience": "sts.amazonaws.com"}, "api://AzureADTokenExchange"),
        ("azure", {"pipelines": (SHOP,) * 21}, "at most 20"),
        ("vault", {"allowed_audiences": frozenset({"other"})}, "not on the organization’s list"),
        ("kubernetes", {"pipelines": ()}, "Nothing is chosen"),
        ("counterfoil", {"subject_claim": "cluster_id"}, "Nothing is chosen for the subject claim cluster_id"),
    ],
)
def test_what_the_target_would_refuse(key: str, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in told(TARGETS[key], Severity.REFUSED, **changes)


@pytest.mark.parametrize(
    ("key", "changes", "sentence"),
    [
        ("aws", {"subject_claim": ""}, "holds slugs"),
        ("aws", {"ref_kind": RefKind.ANY, "session_tags": ("build_branch",)}, "such as # or a comma"),
        ("azure", {}, "branch, tag and step chosen here are not checked"),
        ("vault", {}, "cannot ask for null"),
        ("kubernetes", {"subject_claim": ""}, "another user"),
        ("google", {"ref_kind": RefKind.ANY}, "pull requests, and of forks"),
        ("google", {"ref": ""}, "whoever may push one"),
        ("google", {"ref": "*"}, "whoever may push one"),
        ("google", {"ref": "release/*"}, "release/*: * stands for any text"),
        ("counterfoil", {"pipelines": (), "subject_claim": ""}, "Every pipeline of the organization"),
        ("counterfoil", {"pipelines": (), "subject_claim": "queue_id", "subject_values": (OTHER.id,)}, "runs there"),
        ("counterfoil", {"subject_claim": "build_id", "subject_values": (OTHER.id,)}, "good for one only"),
    ],
)
def test_what_is_wider_than_one_may_think(key: str, changes: dict[str, Any], sentence: str) -> None:
    assert sentence in told(TARGETS[key], Severity.WIDE, **changes)

"""The generated texts before readers that nobody here wrote: moto's of IAM, CEL, YAML, a shell; and our own."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import celpy
import pytest
import yaml
from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

from exchange_apps.domain.identity_presets import Preset
from exchange_apps.domain.trust_linter import Trust as LintedTrust
from exchange_apps.domain.trust_linter import lint
from exchange_apps.domain.trust_policy import parse_policy
from oidc_issuer.federation import TARGETS, RefKind, Target, Trust, request_step
from oidc_issuer.federation.aws import trust_policy
from oidc_issuer.federation.google import attribute_condition, attribute_mapping
from oidc_issuer.federation.kubernetes import username, validation_rules
from tests.oidc_issuer.federation.stage import ALL, ISSUER, OTHER, SHOP, claims_for, failed, trust_for

CHOICES: list[dict[str, Any]] = [
    {},
    {"subject_claim": "", "step_key": "deploy"},
    {"pipelines": (SHOP, OTHER), "ref": "release/*"},
    {"subject_claim": "organization_id", "ref": "r*/v*"},
    {"subject_claim": "", "pipelines": (), "ref_kind": RefKind.ANY, "ref": ""},
    {"ref_kind": RefKind.TAG, "ref": "v*"},
    {"ref_kind": RefKind.TAG, "ref": ""},
    {"subject_claim": "cluster_id", "subject_values": ("0199aaaa-0000-7000-8000-000000000013",)},
]
JOBS: list[dict[str, Any]] = [
    {},
    {"build_branch": "release/1"},
    {"build_branch": "rel/v1", "step_key": None},
    {"build_tag": "v1"},
    {"build_tag": "x"},
    {"pipeline_id": OTHER.id, "pipeline_slug": "other"},
]
choices = pytest.mark.parametrize("changes", CHOICES, ids=range(len(CHOICES)))


def text_of(target: Target, trust: Trust, key: str) -> str:
    return next(paste.text for paste in target.pastes(trust) if paste.key == key)


def holds(expression: str, **names: Any) -> bool:
    """As a CEL library sees it; what it cannot evaluate refuses, as at the clouds."""
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    try:
        return bool(program.evaluate({name: celpy.json_to_cel(value) for name, value in names.items()}))
    except celpy.CELEvalError:
        return False


def iam_allows(policy: dict[str, Any], claims: dict[str, Any]) -> bool:
    """How IAM compares the two operators that are used, written from its manual alone."""
    tags = claims.get("https://aws.amazon.com/tags", {}).get("principal_tags", {})
    (statement,) = policy["Statement"]
    context = {"tokens.example.com:aud": claims["aud"], "tokens.example.com:sub": claims["sub"]}
    context |= {f"aws:RequestTag/{name}": values[0] for name, values in tags.items()}
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    if "sts:AssumeRoleWithWebIdentity" not in actions or (tags and "sts:TagSession" not in actions):
        return False
    for operator, keys in statement["Condition"].items():
        for key, wanted in keys.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            if operator == "StringLike":
                values = ["".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in value) for value in values]
                good = key in context and any(re.fullmatch(value, context[key]) for value in values)
            else:
                good = key in context and context[key] in values
            if not good:
                return False
    return True


@choices
@pytest.mark.parametrize("job", JOBS, ids=range(len(JOBS)))
def test_iam_decides_as_the_trial_does(changes: dict[str, Any], job: dict[str, Any]) -> None:
    aws = TARGETS["aws"]
    trust = trust_for(aws, **changes)
    text = text_of(aws, trust, "trust-policy")
    IAMTrustPolicyDocumentValidator(text).validate()
    assert json.loads(text) == trust_policy(trust)
    claims = claims_for(aws, trust, **job)
    assert iam_allows(json.loads(text), claims) == (failed(aws, trust, claims) == [])


@choices
@pytest.mark.parametrize("job", JOBS, ids=range(len(JOBS)))
def test_a_cel_library_decides_as_the_trial_does(changes: dict[str, Any], job: dict[str, Any]) -> None:
    google, kubernetes = TARGETS["google"], TARGETS["kubernetes"]
    trust = trust_for(google, **changes)
    claims = claims_for(google, trust, **job)
    claim_rows = [row for row in failed(google, trust, claims) if row.name != "google.subject"]
    assert holds(attribute_condition(trust), assertion=claims) == (claim_rows == [])
    trust = trust_for(kubernetes, **changes)
    claims = claims_for(kubernetes, trust, **job)
    rules = [expression for expression, _message in validation_rules(trust)]
    assert all(holds(rule, claims=claims) for rule in rules) == (failed(kubernetes, trust, claims) == [])


@choices
def test_google_maps_claims_that_every_token_has_as_text(changes: dict[str, Any]) -> None:
    google = TARGETS["google"]
    trust = trust_for(google, **changes)
    claims = claims_for(google, trust)
    for expression in attribute_mapping(trust).values():
        assert isinstance(claims[expression.removeprefix("assertion.")], str)


@choices
def test_our_own_policy_is_read_has_no_finding_and_decides_as_the_trial_does(changes: dict[str, Any]) -> None:
    own = TARGETS["counterfoil"]
    trust = trust_for(own, **changes)
    policy, document, _places = parse_policy(text_of(own, trust, "policy"))
    assert lint(LintedTrust(Preset.COUNTERFOIL, ISSUER, [trust.audience], 600, policy)) == []
    for job in JOBS:
        claims = claims_for(own, trust, **job)
        assert (policy.first_match(claims, issuer=ISSUER) is not None) == (failed(own, trust, claims) == [])
    configured = yaml.safe_load(text_of(own, trust, "apply"))["identity_providers"][0]
    assert configured["policy"] == document


def test_the_file_for_kubernetes_is_yaml_and_its_names_are_cel() -> None:
    kubernetes = TARGETS["kubernetes"]
    trust = trust_for(kubernetes, pipelines=(SHOP, OTHER), ref="r*/v*")
    file = yaml.safe_load(text_of(kubernetes, trust, "authentication"))
    (authenticator,) = file["jwt"]
    assert authenticator["issuer"] == {"url": ISSUER, "audiences": ["kubernetes"]}
    rules = [(rule["expression"], rule["message"]) for rule in authenticator["claimValidationRules"]]
    assert rules == validation_rules(trust)
    assert authenticator["claimMappings"]["username"]["expression"] == username(trust)
    environment = celpy.Environment()
    program = environment.program(environment.compile(username(trust)))
    claims = claims_for(kubernetes, trust)
    assert str(program.evaluate({"claims": celpy.json_to_cel(claims)})) == f"counterfoil:{SHOP.id}"
    binding = yaml.safe_load(text_of(kubernetes, trust, "binding"))
    assert binding["subjects"][0]["name"] == "counterfoil:acme"


def test_vaults_role_has_a_constraint_and_a_glob_only_where_it_needs_one() -> None:
    vault = TARGETS["vault"]

    def role(**changes: Any) -> Any:
        text = text_of(vault, trust_for(vault, **changes), "role")
        return json.loads(text.split("<<'JSON'\n")[1].removesuffix("\nJSON"))

    exact, pattern = role(), role(ref="release/*", pipelines=(SHOP, OTHER))
    assert (exact["bound_claims_type"], pattern["bound_claims_type"]) == ("string", "glob")
    assert exact["bound_subject"] == SHOP.id
    assert "bound_subject" not in pattern
    assert pattern["bound_claims"]["pipeline_id"] == [SHOP.id, OTHER.id]
    assert exact["bound_audiences"] == ["vault"]
    assert exact["user_claim"] == "sub"


def test_azures_documents_hold_one_exact_subject_each() -> None:
    azure = TARGETS["azure"]
    text = text_of(azure, trust_for(azure, pipelines=(SHOP, OTHER)), "az")
    documents = [json.loads(part.split("\nJSON")[0]) for part in text.split("<<'JSON'\n")[1:]]
    assert [document["subject"] for document in documents] == [SHOP.id, OTHER.id]
    for document in documents:
        assert document["audiences"] == ["api://AzureADTokenExchange"]
        assert re.fullmatch(r"[A-Za-z0-9][\w-]{2,119}", document["name"])


@pytest.mark.parametrize("target", ALL, ids=lambda target: target.key)
@choices
def test_every_script_is_one_for_a_shell(target: Target, changes: dict[str, Any]) -> None:
    trust = trust_for(target, **changes)
    scripts = [paste.text for paste in target.pastes(trust) if paste.key in ("cli", "gcloud", "az", "config", "role")]
    scripts.append(request_step(target.request(trust), endpoint=f"{ISSUER}/v3", use=target.use(trust)))
    for script in scripts:
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert done.stderr == ""

"""docs/issuer.md shows what the assistant would say, and lists the claims there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from oidc_issuer.claims import DEFAULT_CLAIMS, OPTIONAL_CLAIMS, SUBJECT_CLAIMS
from oidc_issuer.federation import TARGETS, request_step
from oidc_issuer.refusals import STATUS, Reason
from tests.oidc_issuer.federation.stage import ISSUER, trust_for
from tests.test_docs import table

PAGE = Path(__file__).resolve().parents[3] / "docs" / "issuer.md"
TEXT = PAGE.read_text()
EXAMPLES = dict(re.findall(r"<!-- example: (\S+) -->\n```\w*\n(.*?)\n```\n", TEXT, re.DOTALL))
CHOICES: dict[str, dict[str, Any]] = {"aws-composite": {"subject_claim": "", "step_key": "deploy"}}


def rendered(name: str) -> str:
    """`aws/cli`, `aws/step`, or with choices of its own `aws-composite/trust-policy`."""
    choice, key = name.split("/")
    target = TARGETS[choice.split("-")[0]]
    trust = trust_for(target, **CHOICES.get(choice, {}))
    if key == "step":
        return request_step(target.request(trust), endpoint=f"{ISSUER}/v3", use=target.use(trust)).strip()
    return next(paste.text for paste in target.pastes(trust) if paste.key == key).strip()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_what_the_assistant_says(name: str) -> None:
    assert EXAMPLES[name] == rendered(name)


def test_every_target_has_its_step_and_something_to_paste() -> None:
    shown = {name.split("/")[0] for name in EXAMPLES}
    assert shown >= set(TARGETS)
    assert {f"{key}/step" for key in TARGETS} <= set(EXAMPLES)


def test_the_page_lists_the_claims_there_are() -> None:
    assert tuple(table("issuer.md", "default claims")) == DEFAULT_CLAIMS
    assert tuple(table("issuer.md", "optional claims")) == (*OPTIONAL_CLAIMS, "agent_tag:NAME")
    assert tuple(table("issuer.md", "subject claims")) == SUBJECT_CLAIMS


def test_the_page_lists_every_refusal_with_its_status() -> None:
    told = {name: int(text[:3]) for name, text in table("issuer.md", "refusals").items()}
    assert told == {reason.value: STATUS.get(reason, 422) for reason in Reason}

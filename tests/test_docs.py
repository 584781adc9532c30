"""The tables in docs/ say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from audit.actions import SENTENCES
from audit.search.vocabulary import MEANINGS
from exchange_apps.domain.denial_advice import ADVICE
from exchange_apps.domain.denials import PUBLIC_SENTENCES, DenialReason
from exchange_apps.domain.identity_presets import PROFILES
from exchange_apps.domain.trust_linter.finding import SEVERITIES

DOCS = Path(__file__).resolve().parent.parent / "docs"


def table(page: str, marker: str) -> dict[str, str]:
    """The two-column table behind `<!-- marker` of a page, as first column → second."""
    text = (DOCS / page).read_text()
    section = text.split(f"<!-- {marker}:", 1)[1].split("<!-- end -->", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE))


def test_the_token_endpoint_page_lists_every_reason_with_its_sentence() -> None:
    assert table("token-endpoint.md", "reasons") == {reason.value: text for reason, text in PUBLIC_SENTENCES.items()}


def test_the_token_endpoint_page_says_of_every_reason_how_it_is_mended() -> None:
    assert table("token-endpoint.md", "advice") == {
        reason.value: f"{ADVICE[reason].meaning} {ADVICE[reason].mend}" for reason in DenialReason
    }


def test_the_audit_log_page_explains_every_key_of_a_search() -> None:
    assert table("audit-log.md", "keys") == MEANINGS


def test_the_audit_log_page_lists_every_event_type_with_its_sentence() -> None:
    assert table("audit-log.md", "types") == {action.value: sentence for action, sentence in SENTENCES.items()}


def test_the_trust_page_lists_every_rule_of_the_linter_with_its_severity() -> None:
    found = {rule: text.partition(":")[0] for rule, text in table("trust-policies.md", "linter").items()}
    assert found == {rule.value: severity.value for rule, severity in SEVERITIES.items()}


def test_the_trust_page_lists_every_kind_of_issuer() -> None:
    assert table("trust-policies.md", "presets") == {
        preset.value: f"{profile.label}: {profile.issuer_hint}" for preset, profile in PROFILES.items()
    }

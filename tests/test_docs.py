"""The tables in docs/ say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from audit.actions import SENTENCES
from exchange_apps.domain.denials import PUBLIC_SENTENCES

DOCS = Path(__file__).resolve().parent.parent / "docs"


def table(page: str, marker: str) -> dict[str, str]:
    """The two-column table behind `<!-- marker` of a page, as first column → second."""
    text = (DOCS / page).read_text()
    section = text.split(f"<!-- {marker}:", 1)[1].split("<!-- end -->", 1)[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE))


def test_the_token_endpoint_page_lists_every_reason_with_its_sentence() -> None:
    assert table("token-endpoint.md", "reasons") == {reason.value: text for reason, text in PUBLIC_SENTENCES.items()}


def test_the_audit_log_page_lists_every_event_type_with_its_sentence() -> None:
    assert table("audit-log.md", "types") == {action.value: sentence for action, sentence in SENTENCES.items()}

"""Every event, whatever it holds, maps to ECS: nothing is lost, nothing is made up, and docs say from where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import AuditAction, Outcome
from audit.ecs import SOURCES, ecs_document
from audit.parties import PartyType

DOCS = Path(__file__).resolve().parents[2] / "docs"
ids = st.uuids().map(str)
names = st.text(max_size=20)
parties = st.none() | st.fixed_dictionaries(
    {"type": st.sampled_from([party.value for party in PartyType]), "uuid": st.none() | ids, "name": names}
)
values = st.recursive(st.none() | st.booleans() | st.integers() | names, lambda inner: st.lists(inner, max_size=3))
events = st.fixed_dictionaries(
    {
        "uuid": ids,
        "schema_version": st.just(1),
        "type": st.sampled_from([action.value for action in AuditAction]),
        "occurred_at": st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
        "outcome": st.sampled_from([outcome.value for outcome in Outcome]),
        "reason": names,
        "organization": st.none() | st.fixed_dictionaries({"uuid": ids, "slug": names}),
        "actor": parties,
        "on_behalf_of": parties,
        "subject": parties,
        "key_id": names,
        "context": st.fixed_dictionaries(
            {
                "type": names,
                "request_id": names,
                "request_ip": st.none() | st.ip_addresses().map(str),
                "request_user_agent": names,
            }
        ),
        "data": st.dictionaries(names, values, max_size=3),
        "seal": st.fixed_dictionaries({"sequence": st.integers(1), "previous": st.just("00"), "hash": st.just("11")}),
    }
)
# https://www.elastic.co/docs/reference/ecs/ecs-allowed-values-event-type
ALLOWED_TYPES = {"access", "allowed", "change", "creation", "deletion", "denied", "info", "start"}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each plain value with where it stands; what is in a list stands where the list does."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, path)
    else:
        yield path, value


@given(events)
def test_every_value_is_in_it_and_no_other(event: dict[str, Any]) -> None:
    found = list(leaves(ecs_document(event)))
    known = {value for _, value in leaves(event)} | {None}
    for value in known - {None, ""}:
        assert any(value == there for _, there in found), value
    for path, value in found:
        is_ours = path.split(".")[0] in ("ecs", "message") or path.startswith("event.")
        assert is_ours or value in known, path


@given(events)
def test_only_documented_fields_with_values_that_ecs_allows(event: dict[str, Any]) -> None:
    document = ecs_document(event)
    fields = {path for path, _ in leaves(document) if not path.startswith("counterfoil.")}
    assert fields <= set(SOURCES)
    assert set(document["event"]["type"]) <= ALLOWED_TYPES
    assert set(document["event"]["category"]) <= {"authentication", "configuration", "iam"}
    assert document["event"]["outcome"] in ("success", "failure")
    assert None not in dict(leaves({name: value for name, value in document.items() if name != "counterfoil"})).values()
    json.dumps(document)


@pytest.mark.parametrize(
    ("type", "outcome", "category", "types"),
    [
        ("ACCESS_TOKEN_MINTED", "success", "authentication", ["creation", "allowed"]),
        ("TOKEN_EXCHANGE_DENIED", "denied", "authentication", ["access", "denied"]),
        ("USER_SIGNED_IN", "success", "authentication", ["start", "allowed"]),
        ("USER_SIGN_IN_FAILED", "denied", "authentication", ["start", "denied"]),
        ("ORGANIZATION_MEMBER_UPDATED", "success", "iam", ["change"]),
        ("TOKEN_EXCHANGE_APP_DELETED", "success", "configuration", ["deletion"]),
        ("AUDIT_LOG_EXPORTED", "success", "configuration", ["access"]),
    ],
)
def test_what_was_done_in_words_of_ecs(type: str, outcome: str, category: str, types: list[str]) -> None:
    empty: dict[str, Any] = dict.fromkeys(("organization", "actor", "on_behalf_of", "subject"))
    context: Any = {"type": "", "request_id": "", "request_ip": None, "request_user_agent": ""}
    event: dict[str, Any] = {
        "uuid": "u",
        "occurred_at": "t",
        "reason": "",
        "schema_version": 1,
        "key_id": "",
        "data": {},
        **empty,
    }
    found = ecs_document(event | {"type": type, "outcome": outcome, "context": context})["event"]
    assert (found["category"], found["type"]) == ([category], types)


def test_the_page_shows_where_each_field_comes_from() -> None:
    section = (DOCS / "audit-log.md").read_text().split("<!-- ecs:", 1)[1].split("<!-- end -->", 1)[0]
    assert dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)) == SOURCES

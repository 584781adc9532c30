"""Between a policy's values, its YAML and the rows of the builder nothing gets lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.policy_draft import DraftRow, DraftStatement, drafts_of, values_of
from exchange_apps.domain.problems import Problems
from exchange_apps.domain.yaml_values import read_yaml
from exchange_apps.domain.yaml_writing import write_yaml

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x85\u2028\u2029"), max_size=20)
scalars = st.one_of(
    texts,
    st.sampled_from(["1001", "1e3", "true", "null", "~", "no", "0x1f", "2026-01-01", " a", "- b", "a: b", "#c", ".5"]),
    st.integers(-(10**20), 10**20),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)
lists = st.lists(scalars, min_size=1, max_size=4)
rules = st.one_of(
    scalars,
    st.fixed_dictionaries(
        {"in": lists},
        optional={"equals": scalars, "not_equals": scalars, "not_in": lists, "matches": st.lists(texts, min_size=2)},
    ),
)
statements = st.fixed_dictionaries(
    {"scopes": st.lists(st.sampled_from(["read_builds", "write_builds"]), unique=True)},
    optional={"name": texts, "claims": st.dictionaries(texts, rules, max_size=4), "ttl": st.integers(30, 86400)},
)


@given(st.lists(statements, max_size=4))
def test_yaml_reads_back_as_what_was_written(values: Any) -> None:
    assert repr(read_yaml(write_yaml(values), Problems())) == repr(values or [])


def _names_every_claim(entry: dict[str, Any]) -> bool:
    return "" not in entry.get("claims", {})


def _said(values: list[dict[str, Any]]) -> list[Any]:
    """What a policy says: shorthand written out, and without what stands for nothing."""
    return [
        {
            "name": entry.get("name") or None,
            "scopes": entry["scopes"],
            "ttl": entry.get("ttl"),
            "claims": {
                claim: rule if isinstance(rule, dict) else {"equals": rule}
                for claim, rule in entry.get("claims", {}).items()
            },
        }
        for entry in values
    ]


@given(st.lists(statements.filter(_names_every_claim), max_size=4))
def test_rows_hold_all_that_a_policy_says(values: Any) -> None:
    drafts = drafts_of(values)
    assert drafts is not None
    assert repr(_said(values_of(drafts))) == repr(_said(values))


def test_it_is_written_as_people_write_it() -> None:
    draft = DraftStatement("main", "", ["read_builds"], "600", "", [DraftRow("repository_id", "equals", "1001")])
    assert write_yaml(values_of([draft])) == (
        '- name: main\n  scopes: [read_builds]\n  claims:\n    repository_id: "1001"\n  ttl: 600\n'
    )


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (DraftRow("a", "equals", "x\ny"), {"in": ["x", "y"]}),
        (DraftRow("a", "not_equals", "x\ny"), {"not_in": ["x", "y"]}),
        (DraftRow("a", "matches", "x*"), {"matches": "x*"}),
        (DraftRow("a", "matches", "x*\ny*"), {"matches": ["x*", "y*"]}),
        (DraftRow("a", "in", "x"), {"in": ["x"]}),
        (DraftRow("a", "equals", "false", "json"), False),
        (DraftRow("a", "equals", "flase", "json"), "flase"),
        (DraftRow("a", "equals", ""), ""),
    ],
)
def test_lines_of_a_row_become_a_rule(row: DraftRow, rule: Any) -> None:
    assert values_of([DraftStatement(rows=[row])])[0]["claims"] == {"a": rule}


@pytest.mark.parametrize(
    "values", [{}, ["a"], [{"claims": {"a": ["b"]}}], [{"when": 1}], [{"claims": {"a": {"is": 1}}}]]
)
def test_what_rows_cannot_show_is_left_to_the_text(values: Any) -> None:
    assert drafts_of(values) is None

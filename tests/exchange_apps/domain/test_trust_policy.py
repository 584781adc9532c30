"""Trust policies: the table of the language, the order of statements, and what never holds."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.trust_policy import ABSENT, PolicyRefused, parse_policy, read_policy

ISSUER = "https://token.actions.githubusercontent.com"


def holds(rule: Any, seen: Any) -> bool:
    """Whether a policy with this one rule accepts a token with this claim."""
    policy = read_policy([{"scopes": ["read_builds"], "claims": {"it": rule}}])
    return policy.first_match({} if seen is ABSENT else {"it": seen}, issuer=ISSUER) is not None


@pytest.mark.parametrize(
    ("rule", "seen", "expected"),
    [
        # a scalar is short for equals, and types are strict
        ("main", "main", True),
        ("main", "Main", False),
        (1, 1, True),
        (1, "1", False),
        ("1", 1, False),
        (True, True, True),
        (True, 1, False),
        (1, True, False),
        (0, False, False),
        (True, "true", False),
        (1, 1.0, True),
        (None, None, True),
        (None, ABSENT, False),
        (None, "", False),
        ({"equals": None}, None, True),
        # negative matchers need the claim too
        ({"not_equals": "main"}, "dev", True),
        ({"not_equals": "main"}, "main", False),
        ({"not_equals": "main"}, ABSENT, False),
        ({"not_equals": "1"}, 1, True),
        ({"not_equals": 1}, True, True),
        # in and not_in
        ({"in": ["a", 2, None]}, 2, True),
        ({"in": ["a", 2, None]}, None, True),
        ({"in": ["a", 2]}, "2", False),
        ({"not_in": ["a", "b"]}, "c", True),
        ({"not_in": ["a", "b"]}, "b", False),
        ({"not_in": ["a", "b"]}, ABSENT, False),
        # matches: one pattern or several, and only text
        ({"matches": "refs/heads/*"}, "refs/heads/main", True),
        ({"matches": ["refs/tags/v*", "refs/heads/main"]}, "refs/heads/main", True),
        ({"matches": ["refs/tags/v*", "refs/heads/main"]}, "refs/heads/dev", False),
        ({"matches": "**"}, 1, False),
        ({"matches": "**"}, None, False),
        ({"matches": "**"}, True, False),
        ({"matches": "**"}, {"a": 1}, False),
        ({"matches": "**"}, ABSENT, False),
        # several matchers: all of them
        ({"matches": "v*", "not_equals": "v1"}, "v2", True),
        ({"matches": "v*", "not_equals": "v1"}, "v1", False),
        ({"equals": "a", "not_equals": "a"}, "a", False),
        # lists hold several values
        ({"equals": "a"}, ["b", "a"], True),
        ({"in": ["a", "c"]}, ["b", "a"], True),
        ({"matches": "a*"}, ["b", 1, "abc"], True),
        ({"equals": "a"}, [], False),
        ({"not_equals": "a"}, ["b", "a"], False),
        ({"not_in": ["a"]}, ["b", "c"], True),
        ({"not_in": ["a"]}, ["b", {"x": 1}], False),
        ({"equals": "a"}, [["a"]], False),
        # objects are no values
        ({"not_equals": "a"}, {"b": 1}, False),
        ({"not_in": ["a"]}, {"b": 1}, False),
    ],
)
def test_a_rule(rule: Any, seen: Any, expected: bool) -> None:
    assert holds(rule, seen) is expected


def test_a_claim_is_found_by_its_whole_name() -> None:
    policy = read_policy([{"scopes": ["read_builds"], "claims": {"oidc.circleci.com/project-id": "p1"}}])
    assert policy.first_match({"oidc.circleci.com/project-id": "p1"}, issuer=ISSUER)
    assert not policy.first_match({"oidc": {"circleci": {"com/project-id": "p1"}}}, issuer=ISSUER)


def test_the_first_statement_that_holds_decides_alone() -> None:
    policy = read_policy(
        [
            {"name": "none", "scopes": ["write_builds"], "claims": {"ref": "refs/heads/dev"}},
            {"name": "first", "scopes": ["read_builds"], "claims": {"ref": {"matches": "refs/heads/*"}}, "ttl": 60},
            {"name": "second", "scopes": ["write_builds"], "claims": {"ref": "refs/heads/main"}},
        ]
    )
    claims = {"ref": "refs/heads/main"}
    found = policy.first_match(claims, issuer=ISSUER)
    assert found is not None
    assert (found.name, found.scopes.render(), found.ttl) == ("first", "read_builds", 60)
    assert [failure.statement for failure in policy.failures(claims, issuer=ISSUER)] == [0]


def test_another_issuer_fails_a_statement_that_names_its_own() -> None:
    policy = read_policy([{"iss": "https://gitlab.com", "scopes": ["read_builds"], "claims": {"a": "b"}}])
    assert policy.first_match({"a": "b"}, issuer=ISSUER) is None
    (failed,) = policy.failures({"a": "b"}, issuer=ISSUER)
    assert (failed.claim, failed.seen, failed.condition.render()) == ("iss", ISSUER, 'equals "https://gitlab.com"')


def test_the_failed_rule_of_each_statement_is_named() -> None:
    policy = read_policy(
        [
            {"scopes": ["s"], "claims": {"owner": "acme", "ref": {"in": ["a", "b"]}}},
            {"scopes": ["s"], "claims": {"owner": "acme", "gone": {"not_equals": "x"}}},
        ]
    )
    first, second = policy.failures({"owner": "acme", "ref": "c"}, issuer=ISSUER)
    assert (first.claim, first.condition.render(), first.seen) == ("ref", 'in ["a", "b"]', "c")
    assert (second.claim, second.seen) == ("gone", ABSENT)


scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", "1", ""])
claim_sets = st.dictionaries(st.sampled_from("xyz"), scalars | st.lists(scalars, max_size=3), max_size=3)
rule_values = scalars | st.fixed_dictionaries({"in": st.lists(scalars, min_size=1, max_size=3)})
statements = st.fixed_dictionaries(
    {"scopes": st.just(["s"]), "claims": st.dictionaries(st.sampled_from("xyz"), rule_values, min_size=1, max_size=3)}
)


@given(st.lists(statements, min_size=1, max_size=5), claim_sets)
def test_later_statements_never_change_an_earlier_decision(policy: list[Any], claims: dict[str, Any]) -> None:
    decided = read_policy(policy).first_match(claims, issuer=ISSUER)
    more = read_policy([*policy, {"scopes": ["other"], "claims": {"x": 1}}]).first_match(claims, issuer=ISSUER)
    assert decided is None or more == decided


@given(statements, claim_sets)
def test_no_statement_holds_without_every_claim_it_names(statement: Any, claims: dict[str, Any]) -> None:
    if not statement["claims"].keys() <= claims.keys():
        assert read_policy([statement]).first_match(claims, issuer=ISSUER) is None


@given(st.lists(statements, min_size=1, max_size=4), claim_sets)
def test_exactly_the_statements_before_the_decision_have_a_failed_rule(policy: list[Any], claims: Any) -> None:
    parsed = read_policy(policy)
    failures, decided = parsed.failures(claims, issuer=ISSUER), parsed.first_match(claims, issuer=ISSUER)
    assert len(failures) == (len(policy) if decided is None else parsed.statements.index(decided))


@given(statements, claim_sets)
def test_a_rule_and_its_negation_never_both_hold(statement: Any, claims: dict[str, Any]) -> None:
    for name, rule in statement["claims"].items():
        opposite = {"not_in": rule["in"]} if isinstance(rule, dict) else {"not_equals": rule}
        if claims.get(name, ABSENT) != []:
            assert not (holds(rule, claims.get(name, ABSENT)) and holds(opposite, claims.get(name, ABSENT)))


GOOD = """
# deployments of the shop
- name: main branch
  scopes: [read_builds, write_builds]
  ttl: 300
  act_as: Ada@acme.test
  claims:
    repository_owner_id: "77"
    ref: {matches: [refs/heads/main, refs/tags/v*]}
    ref_protected: "true"
"""


def test_yaml_and_json_say_the_same() -> None:
    policy, values, _ = parse_policy(GOOD)
    assert parse_policy(json.dumps(values))[0] == policy == read_policy(values)
    assert policy.statements[0].act_as == "ada@acme.test"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "A policy is a list of one statement or more."),
        ("scopes: [a]", "Line 1, column 1: A policy is a list"),
        ("- scopes: [a]\n  claims: {a: &x 1, b: *x}", "Anchors and aliases (& and *) are not accepted: line 2"),
        ("- !!python/name:os.system {}", "Tags (!) are not accepted: line 1"),
        ("- scopes: [a]\n  claims: {a: [b]}", "Line 2, column 15: A list needs a matcher"),
        ("- scopes: [a]\n  claims: {a: {like: b}}", "Line 2, column 22: There is no matcher “like”; use equals"),
        ("- scopes: [a]\n  claims: {a: {in: b}}", "Line 2, column 20: in takes a list, 1 to 200 in all."),
        ("- scopes: [a]\n  claims: {a: {in: []}}", "in takes a list"),
        ("- scopes: [a]\n  claims: {a: {equals: [b]}}", "equals takes one value; for several write in: [...]."),
        ("- scopes: [a]\n  claims: {a: {matches: 5}}", "matches takes one pattern"),
        ("- scopes: [a]\n  claims: {a: {matches: [5]}}", "matches takes text: put numbers in quotation marks."),
        ("- scopes: [a]\n  claims: {a: {}}", "A rule has at least one matcher."),
        ("- scopes: []\n  claims: {a: b}", "Line 1, column 11: scopes is a list of one scope or more."),
        ("- claims: {a: b}", "Line 1, column 3: scopes is a list"),
        ("- scopes: ['a b']\n  claims: {a: b}", "a scope is 1 to 64"),
        ("- scopes: [a]\n  claim: {a: b}", "A statement has no “claim”"),
        ("- scopes: [a]\n  ttl: 5\n  claims: {a: b}", "Line 2, column 8: ttl is a whole number of seconds from 30"),
        ("- scopes: [a]\n  act_as: ada\n  claims: {a: b}", "act_as is the e-mail address of a member."),
        ("- scopes: [a]\n  claims: {a: b, a: c}", "This key stands here twice"),
        ("- scopes: [a\n  claims: {}", "is not YAML: line"),
        ("- {}\n" * 101, "at most 100 statements"),
        ("- scopes: [a]\n  claims: {a: {matches: '" + "a" * 513 + "'}}", "a pattern has at most 512 characters."),
    ],
)
def test_a_policy_that_is_refused_says_where_and_why(text: str, sentence: str) -> None:
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(text)
    assert sentence in str(refused.value)


@given(st.text(max_size=200) | st.text("- []{}:,&*!'\"\n abc1", max_size=60))
def test_any_text_is_a_policy_or_refused(text: str) -> None:
    with contextlib.suppress(PolicyRefused):
        parse_policy(text)


@given(
    st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=8), inner), max_leaves=12)
)
def test_any_values_are_a_policy_or_refused(values: Any) -> None:
    with contextlib.suppress(PolicyRefused):
        read_policy(values)

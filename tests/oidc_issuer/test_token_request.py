"""What a job may ask for: the decision alone, as a table of refusals and one of grants."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oidc_issuer.claims import AWS_TAGS_CLAIM, default_claims
from oidc_issuer.refusals import IDTokenRefused, Receipt
from oidc_issuer.token_request import Grant, IDTokenRequest, IDTokenRules, decide, parse_id_token_request
from tests.oidc_issuer.test_claims import CLUSTERED, JOB

RULES = IDTokenRules(default_audience="https://tokens.example.com/acme")
STRICT = IDTokenRules(RULES.default_audience, max_lifetime=120, allowed_audiences=frozenset({"sts.amazonaws.com"}))


def ask(rules: IDTokenRules = RULES, **body: Any) -> Grant:
    receipt = Receipt()
    return decide(CLUSTERED, parse_id_token_request(json.dumps(body).encode(), receipt), rules, receipt)


def refused(rules: IDTokenRules = RULES, **body: Any) -> tuple[int, str, str]:
    with pytest.raises(IDTokenRefused) as caught:
        ask(rules, **body)
    return caught.value.status, caught.value.reason.value, caught.value.message


def test_nothing_asked_for_gives_the_defaults() -> None:
    grant = ask()
    assert (grant.audience, grant.lifetime) == ("https://tokens.example.com/acme", 300)
    assert grant.subject.startswith("organization:acme:pipeline:shop:")
    assert grant.claims == default_claims(CLUSTERED)


@pytest.mark.parametrize(
    "empty", [{}, {"audience": "", "lifetime": 0, "claims": []}, {"audience": None, "claims": None}]
)
def test_what_is_empty_counts_as_absent(empty: dict[str, Any]) -> None:
    assert ask(**empty) == ask()


def test_a_subject_claim_is_the_bare_value_and_comes_along_as_a_claim() -> None:
    grant = ask(subject_claim="pipeline_id")
    assert (grant.subject, grant.claims["pipeline_id"]) == (JOB.pipeline_id, JOB.pipeline_id)


def test_claims_for_tags_alone_do_not_stand_at_the_top() -> None:
    grant = ask(aws_session_tags=["organization_id", "build_number"])
    assert "organization_id" not in grant.claims
    tags = {"organization_id": [JOB.organization_id], "build_number": ["42"]}
    assert grant.claims[AWS_TAGS_CLAIM] == {"principal_tags": tags}


def test_an_organization_with_a_lower_maximum_gets_a_lower_default() -> None:
    assert ask(STRICT, audience="sts.amazonaws.com").lifetime == 120


BAD_AUDIENCE = "Audience must be 1 to 1024 visible characters without spaces"
NOT_ALLOWED = "Audience {} is not on the organization's list of allowed audiences"
REFUSALS: list[tuple[IDTokenRules, dict[str, Any], str, str]] = [
    (RULES, {"lifetime": 14400}, "lifetime_too_high", "Requested lifetime too high (requested: 14400 max: 7200)"),
    (STRICT, {"lifetime": 121}, "lifetime_too_high", "Requested lifetime too high (requested: 121 max: 120)"),
    (RULES, {"lifetime": -1}, "lifetime_invalid", "Lifetime must not be negative"),
    (RULES, {"lifetime": "300"}, "request_malformed", "lifetime must be a whole number"),
    (RULES, {"lifetime": True}, "request_malformed", "lifetime must be a whole number"),
    (RULES, {"lifetime": 1.5}, "request_malformed", "lifetime must be a whole number"),
    (RULES, {"audience": ["a"]}, "request_malformed", "audience must be a text"),
    (RULES, {"audience": "a b"}, "audience_invalid", BAD_AUDIENCE),
    (RULES, {"audience": "a" * 1025}, "audience_invalid", BAD_AUDIENCE),
    (STRICT, {}, "audience_not_allowed", NOT_ALLOWED.format("https://tokens.example.com/acme")),
    (STRICT, {"audience": "STS.amazonaws.com"}, "audience_not_allowed", NOT_ALLOWED.format("STS.amazonaws.com")),
    (RULES, {"claims": ["pipeline_id "]}, "claim_unknown", "Unknown claim pipeline_id "),
    (RULES, {"claims": "pipeline_id"}, "request_malformed", "claims must be a list of at most 100 texts"),
    (RULES, {"claims": ["agent_tag:gpu"]}, "claim_without_value", "Claim agent_tag:gpu has no value for this job"),
    (RULES, {"aws_session_tags": ["sub"]}, "claim_unknown", "Unknown claim sub"),
    (
        RULES,
        {"aws_session_tags": [f"agent_tag:{number}" for number in range(51)]},
        "tag_unusable",
        "At most 50 AWS session tags are possible",
    ),
    (
        RULES,
        {"subject_claim": "pipeline_slug"},
        "subject_claim_mutable",
        "Subject claim pipeline_slug cannot be used: only organization_id, pipeline_id, cluster_id, queue_id, build_id,"
        " job_id, agent_id never change",
    ),
]


@pytest.mark.parametrize(("rules", "body", "reason", "message"), REFUSALS)
def test_what_cannot_be_met_is_refused_with_what_to_do(
    rules: IDTokenRules, body: dict[str, Any], reason: str, message: str
) -> None:
    assert refused(rules, **body) == (400 if reason == "request_malformed" else 422, reason, message)


def test_a_subject_of_a_cluster_needs_a_cluster() -> None:
    with pytest.raises(IDTokenRefused, match="cluster_id has no value"):
        decide(JOB, IDTokenRequest(subject_claim="cluster_id"), RULES, Receipt())


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"a":1,"a":2}', b"\xff", b'"x"', b"NaN"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(IDTokenRefused) as caught:
        parse_id_token_request(body, Receipt())
    assert (caught.value.status, caught.value.reason.value) == (400, "request_malformed")


@pytest.mark.parametrize("name", ["audience", "subject_claim", "claims", "aws_session_tags"])
@pytest.mark.parametrize("text", ["\ud800", "a\x00b"])
def test_a_text_that_no_database_holds_is_refused_before_it_reaches_one(name: str, text: str) -> None:
    value = text if name in ("audience", "subject_claim") else [text]
    with pytest.raises(IDTokenRefused) as caught:
        parse_id_token_request(json.dumps({name: value}).encode(), Receipt())
    assert caught.value.reason.value == "request_malformed"


def test_a_body_as_the_agent_sends_it_and_an_empty_one_are_fine() -> None:
    assert parse_id_token_request(b"{}\n", Receipt()) == parse_id_token_request(b"", Receipt()) == IDTokenRequest()


def test_members_of_a_newer_client_are_ignored() -> None:
    assert parse_id_token_request(b'{"format": "gcp"}', Receipt()) == IDTokenRequest()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.sampled_from(["audience", "lifetime", "claims", "aws_session_tags", "subject_claim"])


@given(body=st.dictionaries(NAMES | st.text(), ANYTHING))
def test_whatever_is_sent_is_granted_or_refused_in_words(body: dict[str, Any]) -> None:
    receipt = Receipt()
    try:
        grant = decide(CLUSTERED, parse_id_token_request(json.dumps(body).encode(), receipt), RULES, receipt)
    except IDTokenRefused:
        assert receipt.rows[-1].passed is False
    else:
        assert 0 < grant.lifetime <= 7200
        assert all(row.passed for row in receipt.rows)

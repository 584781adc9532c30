"""What somebody probably meant, told from expected and seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange_apps.domain.near_misses import assertion_hints, near_misses
from exchange_apps.domain.near_misses.texts import edit_distance
from exchange_apps.domain.near_misses.times import distance
from exchange_apps.domain.receipt import Check

AUDIENCES = "https://cf.test or https://cf.test/oauth/token or https://cf.test/v2/oauth/token"
UUID = "0199aaaa-1111-7222-8333-444455556666"
TARGET = f"acme or {UUID}"

TABLE = [
    ("assertion_audience", AUDIENCES, "https://cf.test/oauth/token/", "A slash at the end"),
    ("assertion_audience", AUDIENCES, "https://cf.test/", "exactly https://cf.test."),
    ("assertion_audience", AUDIENCES, "https://CF.test", "Only capital letters"),
    ("assertion_audience", AUDIENCES, "http://cf.test", "http and https"),
    ("assertion_audience", AUDIENCES, "cf.test", "scheme is missing"),
    ("assertion_audience", AUDIENCES, "https://cf.test/oauth/tokens", "did you mean https://cf.test/oauth/token?"),
    ("assertion_audience", AUDIENCES, "https://cf.test/somewhere/else", "the path is not"),
    ("assertion_audience", AUDIENCES, '"https://cf.test"', "quotation marks"),
    ("assertion_audience", AUDIENCES, "https%3A%2F%2Fcf.test", "percent-encoded"),
    ("target", TARGET, "Acme", "Only capital letters"),
    ("target", TARGET, " acme", "spaces around"),
    ("target", TARGET, "Acme Inc", "only a name for it: it must be exactly acme"),
    ("target", TARGET, "5f0c9d3e-2b4a-4c6d-8e8f-0a1b2c3d4e5f", "UUID"),
    ("target", "acme or globex", UUID, "This is a UUID; acme is expected."),
    ("client_id", "0123456789abcdef0123", "0123456789abcdef0132", "did you mean 0123456789abcdef0123?"),
    ("issuer_and_subject", "0123456789abcdef0123", "0123456789ABCDEF0123", "Only capital letters"),
    ("scope", "some of: read_builds read_pipelines", "read_build", "did you mean read_builds?"),
    ("scope", "some of: read_builds read_pipelines", "READ_BUILDS", "Only capital letters"),
    ("scope", "some of: read_builds", "read_builds,read_agents", "by spaces, not by commas"),
    ("key", "one of: deploy-1, deploy-2", "kid 'Deploy-1' for RS256", "Only capital letters"),
    ("key", "one of: deploy-1, deploy-2", "kid 'deplyo-1' for RS256", "did you mean deploy-1?"),
    ("key", "one of: deploy-1", "kid 'deploy-1' for ES256", "another algorithm"),
    ("key", "one of: deploy-1", "kid 'reporter-1' for RS256", "another app of this organization: reporter"),
    ("expiry", "later than 1800000000 (the time here)", "1799999906, 94 s ago", "ended 1 min 34 s ago"),
    ("issued_at", "at most 1800000000 (the time here) and 30 s", "1800000094, 94 s ahead", "1 min 34 s ahead of"),
    ("issued_at", "at most …", "1800007200, 7200 s ahead", "local time was probably taken for UTC"),
    ("issued_at", "at most …", "1800000000000, 1798200000000 s ahead", "milliseconds"),
    ("assertion_times", "integers, …", "iat='1800000000' exp=1.5 nbf=None", "`iat` is a text"),
    ("assertion_times", "integers, …", "iat='1800000000' exp=1.5 nbf=None", "`exp` has a fraction"),
    ("assertion_times", "integers, …", "iat=None exp=1 nbf=None", "`iat` is missing"),
    ("assertion_lifetime", "1 to 300 s", "3600 s", "good for 1 h"),
    ("assertion_lifetime", "1 to 300 s", "-5 s", "swapped"),
    ("assertion_lifetime", "1 to 300 s", "1798200000000 s", "different units"),
    ("assertion_format", "alg RS256 or ES256, …", "alg 'HS256'", "shared secret"),
    ("assertion_format", "alg RS256 or ES256, …", "alg 'none'", "not signed"),
    ("assertion_format", "alg RS256 or ES256, …", "alg 'PS256'", "use RS256"),
    ("claim repository", "acme/shop", "Acme/shop", "Only capital letters"),
]
ALIASES = {"Acme Inc": "acme", "reporter-1": "reporter"}


@pytest.mark.parametrize(("check", "expected", "seen", "told"), TABLE)
def test_a_near_miss_is_told(check: str, expected: str, seen: str, told: str) -> None:
    hints = [str(hint) for hint in near_misses(check, expected, seen, aliases=ALIASES)]
    assert any(told in hint for hint in hints), hints


@pytest.mark.parametrize(
    ("check", "expected", "seen"),
    [
        ("target", TARGET, "globex"),
        ("target", TARGET, "acme"),
        ("assertion_audience", AUDIENCES, "https://elsewhere.test"),
        ("scope", "some of: read_builds", "write_agents"),
        ("key", "one of: deploy-1", "kid 'unrelated' for RS256"),
        ("address", "", "127.0.0.1"),
        ("expiry", "", "nonsense"),
    ],
)
def test_what_is_far_off_is_not_explained_away(check: str, expected: str, seen: str) -> None:
    assert near_misses(check, expected, seen) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('"eyJ.a.b"', "quotation marks"),
        ("Bearer eyJ.a.b", "Bearer"),
        ("eyJ.a\n.b", "line breaks inside"),
        ("eyJ.a.b\n", "around it"),
        ("eyJ.a.b==", "padded"),
        ("eyJ.a.b+c", "base64url"),
        ("eyJ.a.b%3D", "percent-encoded"),
        ("$ASSERTION", "shell variable"),
        ("a.b.c.d.e", "JWE"),
        ("eyJ.a", "two parts"),
        ("garbage", "three parts"),
        ("-----BEGIN", "is a key"),
        ("eyJ.a.", "signature is empty"),
    ],
)
def test_what_happened_to_an_assertion_on_its_way_is_told(text: str, told: str) -> None:
    (hint,) = assertion_hints(text)
    assert told in str(hint)


def test_a_sound_assertion_needs_no_hint() -> None:
    assert list(assertion_hints("eyJhbGciOiJSUzI1NiJ9.e30.c2ln")) == []


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (94, "1 min 34 s"), (-7200, "2 h"), (90061, "1 d 1 h")])
def test_stretches_of_time_are_said_in_two_units(seconds: int, said: str) -> None:
    assert distance(seconds) == said


@given(st.sampled_from([*Check, "claim"]), st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_row_says_there_is_an_answer(check: str, expected: str, seen: str) -> None:
    for hint in near_misses(check, expected, seen, aliases={seen: expected}):
        assert str(hint)


@given(st.text(max_size=200))
def test_whatever_is_pasted_there_is_an_answer_that_repeats_nothing_of_it(text: str) -> None:
    assert len([str(hint) for hint in assertion_hints(text)]) <= 1


@given(st.text("ab/", max_size=8), st.text("ab/", max_size=8))
def test_the_distance_is_a_distance(one: str, other: str) -> None:
    there = edit_distance(one, other, most=8)
    assert there == edit_distance(other, one, most=8)
    assert (there == 0) == (one == other)
    assert there <= max(len(one), len(other))
    assert edit_distance(one, other, most=2) == min(there, 3)

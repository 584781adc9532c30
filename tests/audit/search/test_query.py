"""The language of a search: what is accepted, what it means, and what is said of the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.actions import AuditAction
from audit.search.errors import SearchError
from audit.search.query import MOST_CHARACTERS, MOST_TERMS, SearchQuery, Term, parse, render
from audit.search.times import canonical_time, moment_of
from audit.search.vocabulary import Key

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


def problem(text: str) -> str:
    with pytest.raises(SearchError) as caught:
        parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("", ""),
        ("type:access_token_minted", "type:ACCESS_TOKEN_MINTED"),
        ("-TYPE:User_Created", "-type:USER_CREATED"),
        ('actor:"Ada Lovelace"', 'actor:"Ada Lovelace"'),
        (r'kid:"a \"b\" \\c"', r'kid:"a \"b\" \\c"'),
        ("ip:10.1.2.3/8", "ip:10.0.0.0/8"),
        ("ip:10.1.2.3/32", "ip:10.1.2.3"),
        ("ip:::ffff:10.0.0.1", "ip:10.0.0.1"),
        ("ip:2001:DB8::/32", "ip:2001:db8::/32"),
        ("outcome:Denied outcome:denied", "outcome:denied"),
        ("subject:0199AAAA-0000-7000-8000-000000000001", "subject:0199aaaa-0000-7000-8000-000000000001"),
        ("token:" + "AB" * 32, "token:" + "ab" * 32),
        ("after:2026-03-01 before:7D", "after:2026-03-01 before:7d"),
        ("after:2026-03-01t12:30z", "after:2026-03-01T12:30Z"),
        ("created:>=2026-03-01", "after:2026-03-01"),
        ("created:>2026-03-01", "after:2026-03-02"),
        ("created:<=2026-03-31", "before:2026-04-01"),
        ("created:2026-03-01..2026-03-31", "after:2026-03-01 before:2026-04-01"),
        ("created:2026-03-01", "after:2026-03-01 before:2026-03-02"),
    ],
)
def test_a_search_has_one_spelling(text: str, rendered: str) -> None:
    assert render(parse(text)) == rendered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("typ:USER_CREATED", "There is no key “typ”. Did you mean type:USER_CREATED?"),
        ("-actr:bob", "There is no key “actr”. Did you mean -actor:bob?"),
        ("colour:red", "There is no key “colour”."),
        ("type:USER_CREATD", "Unknown type “USER_CREATD”. Did you mean type:USER_CREATED?"),
        ("type:zzz", "Unknown type “zzz”."),
        ("outcome:refused", "Unknown outcome “refused”."),
        ("outcome:deny", "Unknown outcome “deny”. Did you mean outcome:denied?"),
        ("reason:assertion_replaid", "Unknown reason “assertion_replaid”. Did you mean reason:assertion_replayed?"),
        ("user_created", "has no key: write what it is, as in actor:user_created. Did you mean type:USER_CREATED?"),
        ("actor:", "“actor:” has no value."),
        ("actor: bob", "“actor:” has no value."),
        ('actor:""', "has no value"),
        ('actor:"bob', "is not closed"),
        ('actor:"bob"x', "Leave a space"),
        ("ip:10.0.0", "no IP address"),
        ("ip:0.0.0.0/7", "cannot be searched"),
        ("ip:2001:db8::/70", "cannot be searched"),
        ("token:abc", "token: takes the UUID"),
        ("after:soon", "is no time"),
        ("after:2026-02-30", "is no time"),
        ("after:1d after:2d", "after: stands here twice."),
        ("-after:1d", "after: cannot be negated: use before:."),
        ("created:>=1d..2d", "is no time"),
        ("a\0b", "printable"),
    ],
)
def test_an_error_names_the_term_and_what_was_probably_meant(text: str, said: str) -> None:
    assert said in problem(text)


def test_a_pasted_token_is_refused_and_not_repeated() -> None:
    secret = "bktx_" + "a" * 44
    assert secret not in problem(f"token:{secret}")


def test_the_limits_are_stated() -> None:
    assert str(MOST_CHARACTERS) in problem("actor:" + "x" * MOST_CHARACTERS)
    assert str(MOST_TERMS) in problem(" ".join(f"actor:{n}" for n in range(MOST_TERMS + 1)))


texts = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], include_characters=" "), min_size=1)
values = texts.map(str.strip).filter(bool).map(lambda text: text[:60])
terms = st.one_of(
    st.builds(
        Term, st.sampled_from([Key.KID, Key.ACTOR, Key.SUBJECT, Key.APP, Key.FOR, Key.REQUEST]), values, st.booleans()
    ),
    st.builds(Term, st.just(Key.TYPE), st.sampled_from([one.value for one in AuditAction]), st.booleans()),
    st.builds(Term, st.just(Key.IP), st.ip_addresses(v=4).map(str), st.booleans()),
    st.builds(Term, st.just(Key.TOKEN), st.uuids().map(str), st.booleans()),
)


@given(st.lists(terms, max_size=5, unique=True))
def test_what_is_rendered_is_read_again(some: list[Term]) -> None:
    text = render(SearchQuery(tuple(some)))
    if len(text) <= MOST_CHARACTERS:
        assert render(parse(text)) == render(parse(render(parse(text))))
        assert [(term.key, term.negated) for term in parse(text).terms] or not some


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["-", "type:", "ip:", '"', "\\", " ", "10.0", "/8", "x", "created:", ".."])).map("".join)
)
def test_any_text_is_a_search_or_an_error_that_says_something(text: str) -> None:
    try:
        found = parse(text)
    except SearchError as error:
        said = str(error)
    else:
        said = render(found) + "."
        assert parse(render(found)) == found
    assert said


def test_days_begin_at_midnight_where_the_viewer_is() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert moment_of("2026-07-01", now=NOW, zone=berlin) == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert moment_of("today", now=NOW, zone=berlin) == datetime(2026, 3, 14, 23, tzinfo=UTC)
    assert moment_of("2d", now=NOW, zone=berlin) == datetime(2026, 3, 13, 12, tzinfo=UTC)
    assert moment_of("2026-07-01T00:00Z", now=NOW, zone=berlin) == datetime(2026, 7, 1, tzinfo=UTC)


@given(st.datetimes() | st.dates())
def test_every_date_and_time_there_is_can_be_written(moment: datetime) -> None:
    text = canonical_time(moment.isoformat())
    assert text is not None
    assert moment_of(text, now=NOW, zone=ZoneInfo("Pacific/Auckland")).tzinfo is UTC

"""Finding: the index, the table and plain Python agree, whatever is asked; nothing of another log is found."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent, SearchChain, SearchPosting
from audit.proof.sealing import sweep
from audit.recorder import record_events
from audit.search import candidates, index, many_chains, one_chain
from audit.search.find import Search
from audit.search.index_question import question_of
from audit.search.index_terms import COLUMNS, features_of, terms_of, tokens_of
from audit.search.query import SearchQuery, parse
from audit.search.vocabulary import Key
from tests.audit.search.conftest import (
    ACME,
    APPS,
    GLOBEX,
    USERS,
    FindAll,
    all_pages,
    row,
    seal_and_index,
    search,
    search_everywhere,
)

TERMS = (
    "type:ACCESS_TOKEN_MINTED", "type:ACCESS_TOKEN_REVOKED", "type:USER_CREATED", "outcome:denied", "outcome:failed",
    "reason:assertion_replayed", "kid:deploy-1", f"actor:{APPS[0].uuid}", "actor:APP-1", "actor:user-3@acme.test",
    f"for:{USERS[2].name}", f"for:{USERS[4].uuid}", "subject:app-2", "subject:…wxyz", f"subject:{APPS[3].uuid}",
    "app:app-0", f"app:{APPS[1].uuid}", f"app:{'c' * 20}", f"app:{'d' * 20}", "ip:10.0.0.1", "ip:10.0.0.0/25",
    "ip:10.0.0.64/27", "ip:10.0.0.0/9", "ip:192.0.0.0/10", "ip:2001:db8::/33", "ip:2001:db8::1", "ip:2001:db8::/47",
)  # fmt: skip
searches = st.lists(st.sampled_from(TERMS + tuple(f"-{term}" for term in TERMS)), max_size=5).map(" ".join)


def in_python(query: SearchQuery, event: AuditEvent) -> bool:
    columns = [str(value) if isinstance(value := getattr(event, name), uuid.UUID) else value for name in COLUMNS]
    terms = {term for feature in features_of(*columns) for term in terms_of(feature)}
    terms |= tokens_of(event.subject_type, str(event.subject_id), event.subject_name, event.data)
    asked = question_of(query)
    return all(terms & set(group) for group in asked.groups) and not terms & set(asked.excluded)


@settings(max_examples=25)
@given(text=searches)
def test_index_table_and_python_find_the_same(log: list[AuditEvent], find_all: FindAll, text: str) -> None:
    own = [event for event in log if event.organization_id == ACME.uuid]
    expected = [event.pk for event in own if in_python(parse(text), event)]
    assert [event.pk for event in search(text).rows.order_by("-id")] == expected
    assert [event.pk for event in find_all(text)] == expected


@settings(max_examples=10)
@given(text=searches, length=st.integers(1, 40))
def test_pages_read_upwards_are_those_read_downwards(find_all: FindAll, text: str, length: int) -> None:
    found, id = [], uuid.UUID(int=0)
    while (page := search(text).page(newer_than=id, length=length)).events:
        found += page.events
        id = found[-1].pk
    assert found[::-1] == find_all(text)


@pytest.mark.parametrize("text", ["after:100m", "before:100m", "after:200m before:100m", "before:100m outcome:denied"])
def test_a_span_of_time_holds_what_happened_in_it(log: list[AuditEvent], find_all: FindAll, text: str) -> None:
    now = datetime.now(UTC)
    query = parse(text)
    ages = {
        event.pk: (now - event.occurred_at) / timedelta(minutes=1)
        for event in log
        if event.organization_id == ACME.uuid
    }
    found = {event.pk for event in find_all(text)}
    for event in log:
        if event.pk in ages and ("outcome:denied" not in text or event.outcome == "denied"):
            low = float(query.wanted(Key.BEFORE)[0][:-1]) if query.wanted(Key.BEFORE) else 0
            high = float(query.wanted(Key.AFTER)[0][:-1]) if query.wanted(Key.AFTER) else 10_000
            assert (event.pk in found) == (low < ages[event.pk] <= high), ages[event.pk]


def test_a_token_is_found_by_uuid_and_by_digest(log: list[AuditEvent], find_all: FindAll) -> None:
    minted = [event for event in log if event.type == "ACCESS_TOKEN_MINTED"]
    for event in minted[:40]:
        expected = [event] if event.organization_id == ACME.uuid else []
        assert find_all(f"token:{event.subject_id}") == expected
        assert find_all(f"token:{event.data['token_sha256']}") == expected
        assert find_all(f"request:{event.request_id}") == expected


def test_what_is_committed_late_is_sealed_late_and_found_in_its_span_of_time(
    log: list[AuditEvent], find_all: FindAll
) -> None:
    seal_and_index()
    late = row(Random(99), log[150].occurred_at) | {"organization_id": ACME.uuid, "type": "USER_CREATED"}
    record_events([late])
    seal_and_index()  # by the slow second look, where it is this old
    sweep(now=datetime.now(UTC))
    index.index_sealed_events()
    assert find_all("type:USER_CREATED")[0].pk == late["id"]
    assert late["id"] in [event.pk for event in find_all("type:USER_CREATED after:170m before:140m")]
    assert late["id"] not in [event.pk for event in find_all("type:USER_CREATED before:170m")]
    record_events([row(Random(3), datetime.now(UTC)) | {"organization_id": ACME.uuid}])
    seal_and_index()
    assert late["id"] in [event.pk for event in find_all("type:USER_CREATED after:170m before:140m")]


def test_indexing_again_changes_nothing_and_goes_on_where_it_ended(log: list[AuditEvent], find_all: FindAll) -> None:
    before = find_all("outcome:denied")
    assert index.index_sealed_events() == 30
    rows = list(SearchPosting.objects.values_list().order_by("chain", "chunk", "term"))
    assert index.index_sealed_events() == 0
    assert list(SearchPosting.objects.values_list().order_by("chain", "chunk", "term")) == rows
    assert find_all("outcome:denied") == before
    assert sum(SearchChain.objects.values_list("indexed_to", flat=True)) == 270


def test_of_two_runs_that_read_the_same_state_one_writes(log: list[AuditEvent]) -> None:
    first, second = (next(index.batches_of(index._grown_chains(), index.BATCH)) for _ in range(2))
    assert index._write(first)
    rows = list(SearchPosting.objects.values_list().order_by("chain", "chunk", "term"))
    assert not index._write(second)
    assert list(SearchPosting.objects.values_list().order_by("chain", "chunk", "term")) == rows


@settings(max_examples=10)
@given(text=searches, few=st.sampled_from([0, 5000]))
def test_searches_in_several_logs_find_the_same_in_the_order_of_the_keys(
    log: list[AuditEvent], text: str, few: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(many_chains, "GLANCE", 4)
        patch.setattr(many_chains, "FEW", few)
        patch.setattr(many_chains, "MOST_ROWS", 40)
        for searching in (search(text, ACME, GLOBEX), search_everywhere(text)):
            expected = list(searching.rows.order_by("-id"))
            assert all_pages(searching) == expected
            assert read_upwards(searching) == expected


@settings(max_examples=10)
@given(text=searches)
def test_a_page_looks_through_no_more_than_a_part_of_what_is_not_indexed(log: list[AuditEvent], text: str) -> None:
    searching = search(text)
    expected = list(searching.rows.order_by("-id"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one_chain, "MOST_AT_ONCE", 8)
        patch.setattr(one_chain, "MOST_ROWS", 16)
        assert all_pages(searching) == expected
        assert read_upwards(searching) == expected


def read_upwards(searching: Search) -> list[AuditEvent]:
    """Everything it finds, page by page from the oldest on; newest first."""
    found: list[AuditEvent] = []
    id = uuid.UUID(int=0)
    while (page := searching.page(newer_than=id, length=7)).more or page.events:
        found += page.events
        id = page.searched_to or found[-1].pk
        if not page.more:
            break
    return found[::-1]


def test_a_page_asks_the_database_a_handful_of_times(log: list[AuditEvent]) -> None:
    with CaptureQueriesContext(connection) as captured:
        search("type:ACCESS_TOKEN_MINTED outcome:denied -kid:deploy-1").page(length=10)
    assert len(captured) <= 12


def test_what_is_not_indexed_yet_counts_whole_over_several_logs(
    log: list[AuditEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_chains, "GLANCE", 4)
    monkeypatch.setattr(many_chains, "MOST_ROWS", 40)
    monkeypatch.setattr(candidates, "CHUNK", 1 << 18)  # chains of one chunk, and so asked for together
    searching = search_everywhere("outcome:failed")  # which no chain has
    assert not searching.page(length=7).more
    monkeypatch.setattr(many_chains, "FEW", 20)  # of 30 that are only sealed
    page = searching.page(length=7)
    assert (page.events, page.more, page.searched_to) == ([], True, log[39].pk)

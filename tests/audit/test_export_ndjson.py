"""NDJSON line by line: what is put together from pieces is the published form of the event."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.export_line import COLUMNS, event_document
from audit.export_ndjson import ndjson_line, ndjson_lines
from audit.export_rows import SEQUENCE, published, rows_of, sealed_rows
from audit.models import AuditEvent, AuditSeal
from audit.proof.sealing import seal_events
from audit.recorder import record_events
from tests.audit.search.conftest import ACME, row

_TEXTS = st.text(st.sampled_from('a"\\\n\x00é…\u2028😀'), max_size=4)
_VALUES = {
    "id": st.uuids().map(lambda id: id.hex),
    "schema_version": st.integers(1, 3),
    "occurred_at": st.sampled_from(["2026-03-01 12:30:00.123456", "2026-03-01 12:30:00", "2026-03-01 12:30:00.5+00"]),
    "data": st.dictionaries(_TEXTS, _TEXTS).map(lambda data: orjson.dumps(data).decode()),
    "request_ip": st.none() | _TEXTS,
} | {name: st.none() | st.uuids().map(str) for name in COLUMNS if name.endswith(("actor_id", "of_id", "subject_id"))}
_ROWS = st.tuples(
    *(_VALUES.get(name, st.none() if name == "organization_id" else _TEXTS) for name in COLUMNS),
    st.none() | st.integers(1),
    st.binary(min_size=32, max_size=32),
    st.binary(min_size=32, max_size=32),
)


@given(row=_ROWS)
def test_a_line_is_the_published_form_and_its_seal(row: tuple[Any, ...]) -> None:
    *columns, data, sequence, previous, digest = published(row)
    expected = event_document(*[*columns, orjson.Fragment(data)])
    if sequence:
        expected["seal"] = {"sequence": sequence, "previous": previous, "hash": digest}
    assert ndjson_line(row) == orjson.dumps(expected, option=orjson.OPT_APPEND_NEWLINE)
    without = {name: value for name, value in expected.items() if name != "seal"}
    assert ndjson_line(row, sealed=False) == orjson.dumps(without, option=orjson.OPT_APPEND_NEWLINE)


@pytest.fixture
def log(db: None) -> list[AuditEvent]:
    chance, start = Random(11), datetime.now(UTC) - timedelta(hours=1)
    record_events(row(chance, start + timedelta(seconds=n)) for n in range(40))
    seal_events(now=datetime.now(UTC))
    record_events(row(chance, datetime.now(UTC)) for _ in range(5))
    return list(AuditEvent.objects.order_by("pk"))


def test_what_the_database_has_is_what_is_written(log: list[AuditEvent]) -> None:
    seals = {seal.event_id: seal for seal in AuditSeal.objects.all()}
    lines = ndjson_lines(rows_of(AuditEvent.objects.all())).splitlines()
    for event, line in zip(log, lines, strict=True):
        document = orjson.loads(line)
        seal = document.pop("seal", None)
        assert document == event_document(*(getattr(event, name) for name in COLUMNS))
        assert (seal and uuid.UUID(document["uuid"])) == (event.pk if event.pk in seals else None)
        if seal:
            kept = seals[event.pk]
            assert seal == {"sequence": kept.sequence, "previous": kept.previous.hex(), "hash": kept.hash.hex()}


def test_a_part_of_a_chain_is_read_in_the_order_of_sealing(log: list[AuditEvent]) -> None:
    places = [row[SEQUENCE] for row in sealed_rows(ACME.uuid, 3, 9)]
    assert places == list(range(4, 10))

"""An export as NDJSON: each line an event as the API shows it (but for the address of its page), with its seal."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from audit.export_line import COLUMNS, event_document
from audit.export_rows import SEAL, SEQUENCE, Row

_DATA = COLUMNS.index("data")


def ndjson_lines(rows: Iterable[Row]) -> bytes:
    return b"".join([ndjson_line(row) for row in rows])


def ndjson_line(row: Row) -> bytes:
    document = event_document(*(*row[:_DATA], orjson.Fragment(row[_DATA])))
    if row[SEQUENCE]:
        sequence, previous, digest = row[SEAL]
        document["seal"] = {"sequence": sequence, "previous": previous, "hash": digest}
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)


def checkpoint_line(jws: str) -> bytes:
    return orjson.dumps({"checkpoint": jws}, option=orjson.OPT_APPEND_NEWLINE)

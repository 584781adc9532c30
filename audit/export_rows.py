"""Events and their seals as texts, as the database has them: an export parses nothing that it only passes on.

`data` above all: its text goes into the file as it is, so no number and no character of it can change on the way.
The rows come by the cursor itself: what the ORM does for each of them takes longer than to write the line.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, TextField
from django.db.models.functions import Cast

from audit.export_line import COLUMNS
from audit.models import AuditEventQuerySet, AuditSeal

Row = tuple[Any, ...]
"""The values of COLUMNS, UUIDs, time and `data` as texts; then SEAL: number and hashes in hexadecimal, or None."""

SEAL = slice(len(COLUMNS), len(COLUMNS) + 3)
SEQUENCE = SEAL.start
_CAST = ("id", "occurred_at", "organization_id", "actor_id", "on_behalf_of_id", "subject_id", "data")
_TEXTS = {f"{name}_text": Cast(F(name), TextField()) for name in _CAST}
_NAMES = tuple(f"{name}_text" if name in _CAST else name for name in COLUMNS)
_TIME = COLUMNS.index("occurred_at")
_UUIDS = tuple(COLUMNS.index(name) for name in _CAST if name.endswith("id"))
_NO_SEAL = (None, None, None)
# The database joins by itself: to send it the keys costs more than to read the events
_SEALED = (
    "SELECT event.*, seal.sequence, seal.previous, seal.hash FROM ({events}) AS event"  # noqa: S608
    f" LEFT JOIN {AuditSeal._meta.db_table} AS seal ON seal.event_id = event.key"
)


def rows_of(events: AuditEventQuerySet) -> list[Row]:
    """A page of events, by key. They must be few enough to be held in memory."""
    try:
        sql, values = events.annotate(**_TEXTS, key=F("id")).values_list(*_NAMES, "key").query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SEALED.format(events=sql), values)
        return sorted(map(_published, cursor.fetchall()), key=itemgetter(0))


def without_seal(row: Row) -> Row:
    return (*row[: SEAL.start], *_NO_SEAL)


def _published(found: Row) -> Row:
    *texts, _, sequence, previous, digest = found
    texts[_TIME] = _iso(texts[_TIME])
    for column in _UUIDS:
        if (text := texts[column]) is not None and len(text) == 32:  # as SQLite keeps them
            texts[column] = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
    return (*texts, sequence, previous.hex(), digest.hex()) if sequence else (*texts, *_NO_SEAL)


def _iso(text: str) -> str:
    """`2026-03-01 12:30:00[.123456][+00]`, always in UTC, as `iso_time` writes it."""
    fraction = text[20:26].partition("+")[0] if text[19:20] == "." else ""
    fraction = fraction.ljust(6, "0")
    return f"{text[:10]}T{text[11:19]}.{fraction if fraction[3:] != '000' else fraction[:3]}Z"

"""Events and their seals as the database has them: an export parses nothing that it only passes on.

`data` above all: its text goes into the file as it is, so no number and no character of it can change on the way.
The rows come by the cursor itself: what the ORM does for each of them takes longer than to write the line.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

from audit.export_line import COLUMNS
from audit.models import AuditEvent, AuditEventQuerySet, AuditSeal

Row = tuple[Any, ...]
"""The values of COLUMNS, then SEAL: its number and the two hashes, or None. UUIDs, time and `data` are texts as this
database writes them; `published` tells how we do."""

SEAL = slice(len(COLUMNS), len(COLUMNS) + 3)
SEQUENCE = SEAL.start
_TEXTS = ("id", "occurred_at", "organization_id", "actor_id", "on_behalf_of_id", "subject_id", "data")
_ID, _TIME, _SUBJECT = (COLUMNS.index(name) for name in ("id", "occurred_at", "subject_id"))
_FEW_UUIDS = tuple(COLUMNS.index(name) for name in ("organization_id", "actor_id", "on_behalf_of_id"))
_EVENTS, _SEALS = AuditEvent._meta.db_table, AuditSeal._meta.db_table


def rows_of(events: AuditEventQuerySet) -> list[Row]:
    """A page of events with their seals, by key. They must be few enough to be held in memory."""
    try:
        sql, values = events.values_list(*COLUMNS).query.sql_with_params()
    except EmptyResultSet:
        return []
    return _found(f"FROM ({sql}) AS event LEFT JOIN {_SEALS} AS seal ON seal.event_id = event.id ORDER BY 1", values)


def sealed_rows(chain: uuid.UUID, after: int, to: int) -> list[Row]:
    """A page of a chain: the events behind the place `after` as far as to the place `to`, in the order of sealing."""
    number = AuditSeal._meta.get_field("chain").get_db_prep_value(chain, connection)
    # The limit is for PostgreSQL's planner: all chains have small numbers, so it would expect many more of them
    of_page = f"SELECT * FROM {_SEALS} WHERE chain = %s AND sequence > %s AND sequence <= %s ORDER BY sequence LIMIT %s"  # noqa: S608
    where = f"FROM ({of_page}) AS seal JOIN {_EVENTS} AS event ON event.id = seal.event_id ORDER BY seal.sequence"
    return _found(where, (number, after, to, to - after))


def published(row: Row) -> Row:
    """The row as it is published: UUIDs with hyphens, the time as `iso_time` writes it, hashes in hexadecimal."""
    texts = list(row)
    texts[_ID], texts[_TIME], texts[_SUBJECT] = uuid_text(row[_ID]), iso_text(row[_TIME]), uuid_text(row[_SUBJECT])
    for column in _FEW_UUIDS:
        texts[column] = known_uuid_text(row[column])
    if row[SEQUENCE]:
        texts[SEQUENCE + 1 :] = row[SEQUENCE + 1].hex(), row[SEQUENCE + 2].hex()
    return tuple(texts)


def uuid_text(text: str | None) -> str | None:
    """With hyphens. SQLite has UUIDs without."""
    if text is None or len(text) != 32:
        return text
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


known_uuid_text = lru_cache(maxsize=16_384)(uuid_text)
"""The same for a column whose UUIDs are mostly those of the rows before."""


def iso_text(text: str) -> str:
    """`2026-03-01 12:30:00[.123456][+00]`, always in UTC, as `iso_time` writes it."""
    text = text.removesuffix("+00")
    if len(text) == 26:
        return f"{text[:10]}T{text[11:23] if text.endswith('000') else text[11:]}Z"
    fraction = text[20:].ljust(6, "0")
    return f"{text[:10]}T{text[11:19]}.{fraction[:3] if fraction[3:] == '000' else fraction}Z"


def _found(where: str, values: tuple[Any, ...]) -> list[Row]:
    texts = _TEXTS if connection.vendor == "postgresql" else ("occurred_at",)  # the others are texts there
    columns = [f"CAST(event.{name} AS text)" if name in texts else f"event.{name}" for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)}, seal.sequence, seal.previous, seal.hash {where}", values)
        found: list[Row] = cursor.fetchall()
    return found

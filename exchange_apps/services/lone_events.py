"""Audit events that record no change of a row, many in one durable commit.

Whoever comes while others wait for the disk is taken along by the next commit: `minting/group_commit.py` tells how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import orjson
import psycopg
from django.db import connection, transaction

from audit.actions import AuditAction
from audit.models import AuditEvent
from audit.recorder import event_row
from exchange_apps.services.minting.group_commit import GroupCommit
from exchange_apps.services.plain_sql import insert_for_sqlite, stored_by_sqlite
from exchange_apps.services.writers_turn import writers_turn

_COLUMNS = tuple(field.attname for field in AuditEvent._meta.concrete_fields)
_INSERT = "INSERT INTO audit_auditevent SELECT * FROM jsonb_populate_recordset(NULL::audit_auditevent, %s)"


def record_lone_event(action: AuditAction, **fields: Any) -> None:
    """Durable when it returns; arguments as for `event_row`. Raises django.db.DatabaseError, and then wrote nothing.

    An event that belongs to a change goes into the transaction of that change, by `record_event`.
    """
    prepared, writer = _door()
    # Each thread prepares its own row: the one that writes keeps nobody waiting, and a bad row fails alone
    writer.submit(prepared(event_row(action, **fields)))


@cache
def _door() -> tuple[Callable[[dict[str, Any]], Any], GroupCommit[Any, bool]]:
    """What makes a row ready for this database, and the one writer of this process."""
    if connection.vendor == "postgresql":
        return orjson.dumps, GroupCommit(_write_to_postgresql)
    return _values, GroupCommit(_write_to_sqlite)


def _values(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(stored_by_sqlite(row[column]) for column in _COLUMNS)


def _write_to_postgresql(rows: Sequence[bytes]) -> list[bool]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, [(b"[" + b",".join(rows) + b"]").decode()], prepare=True)
    return [True] * len(rows)


def _write_to_sqlite(rows: Sequence[tuple[Any, ...]]) -> list[bool]:
    with writers_turn(), transaction.atomic(), connection.wrap_database_errors:
        connection.connection.executemany(insert_for_sqlite(AuditEvent, _COLUMNS), rows)
    return [True] * len(rows)

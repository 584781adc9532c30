"""Statements given to the database driver as they are, for the few that every token waits for.

Django's compiler, cursors and model instances cost several times the statement itself: see docs/benchmarks.md.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections, models


def fetch_one(statement: str, parameters: Sequence[Any]) -> tuple[Any, ...] | None:
    """The first row, as the driver gives it. Placeholders are `%s`. Raises django.db.DatabaseError."""
    wrapper = connections[DEFAULT_DB_ALIAS]  # looked up once: `connection` would do so at each mention
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        if wrapper.vendor == "postgresql":
            # Django's own cursor binds on the client and so never prepares
            with psycopg.Cursor(wrapper.connection) as cursor:
                return cursor.execute(statement, parameters, prepare=True).fetchone()
        row: tuple[Any, ...] | None = wrapper.connection.execute(for_sqlite(statement), parameters).fetchone()
        return row


@cache
def for_sqlite(statement: str) -> str:
    """With SQLite's placeholders; Django's cursor would rewrite them each time."""
    return statement.replace("%s", "?")


@cache
def insert_for_sqlite(model: type[models.Model], columns: tuple[str, ...]) -> str:
    names = ", ".join(f'"{column}"' for column in columns)
    return f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


def stored_by_sqlite(value: Any) -> Any:
    """The value as Django's fields store it on SQLite; asking the fields themselves costs as much as all the SQL."""
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, list | dict):
        return json.dumps(value)
    return value

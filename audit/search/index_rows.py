"""Writing many rows of the index in few statements: nearly all the time of indexing goes into them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db import connection, models

from audit.models import SearchPosting, SearchToken

_AT_ONCE = 10_000
_TYPES = {
    SearchPosting: ("integer", "integer", "bytea", "bytea"),
    SearchToken: ("integer", "integer", "bigint", "integer"),
}
_OVER = {
    SearchPosting: " ON CONFLICT (chain, chunk, term) DO UPDATE SET places = excluded.places",
    SearchToken: "",
}


def write_rows(cursor: Any, model: type[models.Model], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of a table of the index, in the order of its columns; of a term there is the places are replaced."""
    meta, waiting = model._meta, iter(rows)
    columns = ", ".join(field.column for field in meta.concrete_fields if field.column)
    insert = f"INSERT INTO {meta.db_table} ({columns})"
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{type}[]" for type in _TYPES[model])
        statement = f"{insert} SELECT * FROM unnest({arrays}){_OVER[model]}"  # noqa: S608
        while part := list(islice(waiting, _AT_ONCE)):
            cursor.execute(statement, [list(column) for column in zip(*part, strict=True)])
    else:
        cursor.executemany(f"{insert} VALUES (%s, %s, %s, %s){_OVER[model]}", rows)

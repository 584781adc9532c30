"""Mints on SQLite: one transaction for the whole batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from django.db import connection, transaction

from audit.models import AuditEvent
from exchange_apps.models import MintedToken
from exchange_apps.services.minting.intent import MintIntent, MintOutcome, MintResult
from exchange_apps.services.plain_sql import for_sqlite, insert_for_sqlite, stored_by_sqlite
from exchange_apps.services.rate_limit import SPEND_SQL, WINDOW_MS
from exchange_apps.services.writers_turn import writers_turn

_TABLES = (
    "exchange_apps_exchangeapplication",
    "exchange_apps_identityprovider",
    "exchange_apps_organization",
    "exchange_apps_membership",
    "exchange_apps_user",
)
_SPEND = for_sqlite(SPEND_SQL)
_FAILURES = "SELECT used, started_ms FROM exchange_apps_ratewindow WHERE key = ? AND used >= ? AND started_ms > ?"
# A row whose time is over stands for an assertion that can no longer be replayed; its jti is free again
_CLAIM = """
INSERT INTO exchange_apps_usedassertion AS u (digest, token_id, expires_at) VALUES (?, ?, ?)
ON CONFLICT (digest) DO UPDATE SET token_id = excluded.token_id, expires_at = excluded.expires_at
WHERE u.expires_at < ? RETURNING 1
"""


def write_mints(intents: Sequence[MintIntent]) -> list[MintResult]:
    """Write a batch; raises django.db.DatabaseError with nothing written."""
    with writers_turn(), transaction.atomic(), connection.wrap_database_errors:
        # SQLite's own cursor: Django's rewrites each statement's placeholders each time, which costs as much again
        cursor = connection.connection.cursor()
        return [_write_mint(cursor, intent) for intent in intents]


def _write_mint(cursor: Any, intent: MintIntent) -> MintResult:
    versions = (intent.application, intent.provider, intent.organization, intent.membership, intent.user)
    given = [version for version in versions if version is not None]
    statement = _standing_sql(tuple(version is not None for version in versions))
    cursor.execute(statement, [value for key, version in given for value in (key.hex, version)])
    if not cursor.fetchone()[0]:
        return MintResult(MintOutcome.STALE)
    if intent.failure_limit:
        cursor.execute(_FAILURES, [intent.failure_key, intent.failure_limit, intent.now_ms - WINDOW_MS])
        if failures := cursor.fetchone():
            return MintResult(MintOutcome.BLOCKED, *failures)
    used = started_ms = 0
    if intent.budget_limit:
        cursor.execute(_SPEND, [intent.budget_key, intent.now_ms, 1])
        used, started_ms = cursor.fetchone()
        if used > intent.budget_limit:
            return MintResult(MintOutcome.OVER_LIMIT, used, started_ms)
    if intent.jti_digest is not None:
        expires_at, now = _moment(intent.jti_expires_ms), _moment(intent.now_ms)
        cursor.execute(_CLAIM, [intent.jti_digest, intent.token["id"].hex, expires_at, now])
        if cursor.fetchone() is None:
            return MintResult(MintOutcome.REPLAYED, used, started_ms)
    for model, row in ((MintedToken, intent.token), (AuditEvent, intent.event)):
        cursor.execute(insert_for_sqlite(model, tuple(row)), [stored_by_sqlite(value) for value in row.values()])
    return MintResult(MintOutcome.MINTED, used, started_ms)


@cache
def _standing_sql(given: tuple[bool, ...]) -> str:
    tables = (table for table, is_given in zip(_TABLES, given, strict=True) if is_given)
    return "SELECT " + " AND ".join(f"(SELECT version FROM {table} WHERE id = ?) = ?" for table in tables)  # noqa: S608


def _moment(milliseconds: int) -> str:
    return stored_by_sqlite(datetime.fromtimestamp(milliseconds / 1000, UTC))  # type: ignore[no-any-return]

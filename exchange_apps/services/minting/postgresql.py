"""Mints on PostgreSQL: one prepared statement for the whole batch, so one round trip and one flush to disk.

The batch travels as one JSON document. Its rows are read in the order of `place`; keys that may collide with those of
another process are taken in sorted order, so that two batches never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from django.db import connection

from exchange_apps.services.minting.intent import MintIntent, MintOutcome, MintResult, Version

_STATEMENT = """
WITH intent AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s) AS i (
        place int, now_ms bigint,
        application_id uuid, application_version bigint, provider_id uuid, provider_version bigint,
        organization_id uuid, organization_version bigint,
        membership_id uuid, membership_version bigint, user_id uuid, user_version bigint,
        failure_key text, failure_limit int, budget_key text, budget_limit int,
        jti_digest bytea, jti_expires_at timestamptz, token_id uuid, token jsonb, event jsonb)
), standing AS MATERIALIZED (
    -- Scalar subqueries and LIMIT, so that each row costs one look-up by key however large the tables are
    SELECT i.*, f.used AS failures_used, f.started_ms AS failures_started_ms, coalesce(
        (SELECT version FROM exchange_apps_organization WHERE id = i.organization_id) = i.organization_version
        AND (i.application_id IS NULL OR i.application_version =
            (SELECT version FROM exchange_apps_exchangeapplication WHERE id = i.application_id))
        AND (i.provider_id IS NULL OR i.provider_version =
            (SELECT version FROM exchange_apps_identityprovider WHERE id = i.provider_id))
        AND (i.user_id IS NULL OR i.user_version =
            (SELECT version FROM exchange_apps_user WHERE id = i.user_id) AND i.membership_version =
            (SELECT version FROM exchange_apps_membership WHERE id = i.membership_id)), false) AS is_current
    FROM intent i LEFT JOIN LATERAL (
        SELECT used, started_ms FROM exchange_apps_ratewindow
        WHERE key = i.failure_key AND used >= i.failure_limit AND started_ms > i.now_ms - 60000 LIMIT 1
    ) f ON i.failure_limit > 0
), budget AS (
    INSERT INTO exchange_apps_ratewindow AS w (key, started_ms, used)
    SELECT budget_key, max(now_ms), count(*) FROM standing
    WHERE is_current AND failures_used IS NULL AND budget_limit > 0 GROUP BY budget_key ORDER BY budget_key
    ON CONFLICT (key) DO UPDATE SET
        used = CASE WHEN w.started_ms <= excluded.started_ms - 60000 THEN excluded.used
                    ELSE w.used + excluded.used END,
        started_ms = CASE WHEN w.started_ms <= excluded.started_ms - 60000 THEN excluded.started_ms
                          ELSE w.started_ms END
    RETURNING key, used, started_ms
), admitted AS MATERIALIZED (
    SELECT s.*, b.started_ms,
        b.used - count(*) OVER (PARTITION BY s.budget_key)
               + row_number() OVER (PARTITION BY s.budget_key ORDER BY s.place) AS used,
        row_number() OVER (PARTITION BY coalesce(s.jti_digest, s.place::text::bytea) ORDER BY s.place) = 1 AS is_first
    FROM standing s LEFT JOIN budget b ON b.key = s.budget_key AND s.budget_limit > 0
    WHERE s.is_current AND s.failures_used IS NULL
), claim AS (
    INSERT INTO exchange_apps_usedassertion AS u (digest, token_id, expires_at)
    SELECT jti_digest, token_id, jti_expires_at FROM admitted
    WHERE jti_digest IS NOT NULL AND is_first AND (budget_limit = 0 OR used <= budget_limit) ORDER BY jti_digest
    -- A row whose time is over stands for an assertion that can no longer be replayed; its jti is free again
    ON CONFLICT (digest) DO UPDATE SET token_id = excluded.token_id, expires_at = excluded.expires_at
    WHERE u.expires_at < to_timestamp((SELECT max(now_ms) FROM intent) / 1000.0)
    RETURNING token_id
), winner AS MATERIALIZED (
    SELECT a.* FROM admitted a WHERE (a.budget_limit = 0 OR a.used <= a.budget_limit)
    AND (a.jti_digest IS NULL OR a.token_id IN (SELECT token_id FROM claim))
), token AS (
    INSERT INTO exchange_apps_mintedtoken
    SELECT t.* FROM winner w CROSS JOIN LATERAL jsonb_populate_record(NULL::exchange_apps_mintedtoken, w.token) t
), event AS (
    INSERT INTO audit_auditevent
    SELECT e.* FROM winner w CROSS JOIN LATERAL jsonb_populate_record(NULL::audit_auditevent, w.event) e
    ORDER BY w.place
)
SELECT CASE WHEN NOT s.is_current THEN 'stale'
            WHEN s.failures_used IS NOT NULL THEN 'blocked'
            WHEN a.budget_limit > 0 AND a.used > a.budget_limit THEN 'over_limit'
            WHEN w.place IS NULL THEN 'replayed'
            ELSE 'minted' END,
       coalesce(s.failures_used, a.used, 0), coalesce(s.failures_started_ms, a.started_ms, 0)
FROM standing s LEFT JOIN admitted a USING (place) LEFT JOIN winner w USING (place) ORDER BY s.place
"""


def write_mints(intents: Sequence[MintIntent]) -> list[MintResult]:
    """Write a batch; raises django.db.DatabaseError with nothing written."""
    document = orjson.dumps([_columns(place, intent) for place, intent in enumerate(intents)], default=_plain).decode()
    connection.ensure_connection()
    # Django's own cursor binds on the client and so never prepares; this statement is worth preparing
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_STATEMENT, [document], prepare=True)
        return [MintResult(MintOutcome(outcome), used, started) for outcome, used, started in cursor.fetchall()]


def _columns(place: int, intent: MintIntent) -> dict[str, Any]:
    return {
        "place": place,
        "now_ms": intent.now_ms,
        **_version("application", intent.application),
        **_version("provider", intent.provider),
        **_version("organization", intent.organization),
        **_version("membership", intent.membership),
        **_version("user", intent.user),
        "failure_key": intent.failure_key,
        "failure_limit": intent.failure_limit,
        "budget_key": intent.budget_key,
        "budget_limit": intent.budget_limit,
        "jti_digest": intent.jti_digest,
        "jti_expires_at": datetime.fromtimestamp(intent.jti_expires_ms / 1000, UTC),
        "token_id": intent.token["id"],
        "token": intent.token,
        "event": intent.event,
    }


def _version(name: str, version: Version | None) -> dict[str, Any]:
    return {} if version is None else {f"{name}_id": version[0], f"{name}_version": version[1]}


def _plain(value: object) -> str:
    """What JSON has no form for; orjson knows UUIDs and times by itself."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value).__name__)

"""A log of any size, made quickly: `python -m tests.benchmarks.audit_log fill`.

One organization has half of all events, a thousand others share the rest; they lie evenly in the last year. The same
number of events is the same log each time.
"""

from __future__ import annotations

import hashlib
import ipaddress
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import orjson
import psycopg
from django.db import connection

from audit.export_line import COLUMNS, event_document
from audit.models import AuditChain, AuditEvent, AuditSeal, AuditSealer
from audit.proof.hash_chain import genesis, link_hash

BIG = uuid.UUID("0199aaaa-0000-7000-8000-000000000001")
YEAR = timedelta(days=365)
_TYPES = (
    ("ACCESS_TOKEN_MINTED", 0.9),
    ("TOKEN_EXCHANGE_DENIED", 0.06),
    ("ACCESS_TOKEN_REVOKED", 0.02),
    ("USER_SIGNED_IN", 0.015),
    ("TOKEN_EXCHANGE_APP_UPDATED", 0.0048),
    ("ORGANIZATION_MEMBER_DELETED", 0.0002),
)
_REASONS = ("address_not_allowed", "assertion_expired", "assertion_replayed", "scope_not_grantable", "subject_unknown")
_CHUNK = 50_000


@cache
def named(kind: str, number: int) -> uuid.UUID:
    """The same UUID for the same thing each time."""
    return uuid.UUID(bytes=hashlib.sha256(f"{kind} {number}".encode()).digest()[:16], version=4)


def rows(count: int, *, end: datetime, within: timedelta = YEAR) -> Iterator[tuple[Any, ...]]:
    """Rows of `audit.export_line.COLUMNS`, oldest first."""
    chance = random.Random(7)
    types = chance.choices([name for name, _ in _TYPES], [weight for _, weight in _TYPES], k=count)
    step = within / count
    for number, type_ in enumerate(types):
        yield _row(chance, type_, end - within + step * number)


def _row(chance: random.Random, type_: str, moment: datetime) -> tuple[Any, ...]:
    tenant = 0 if chance.random() < 0.5 else chance.randrange(1, 1001)
    app = tenant * 1000 + min(int(chance.expovariate(1 / 20)), 199)
    user = tenant * 1000 + int(chance.random() ** 2 * 900)
    app_id, user_id = named("app", app), named("user", user)
    app_party = ("TOKEN_EXCHANGE_APP", app_id, f"app-{app}")
    user_party = ("USER", user_id, f"user-{user}@example.test")
    token_id, kid = uuid7_at(moment, chance), f"key-{app}-{chance.randrange(3)}"
    subject: tuple[Any, ...] = ("MINTED_TOKEN", token_id, f"…{chance.randrange(10_000):04}")
    token = {"token_uuid": token_id, "token_sha256": f"{chance.getrandbits(256):064x}"}
    named_app = {"uuid": app_id, "name": f"app-{app}", "client_id": app_id.hex[:20]}
    outcome, reason, actor, behalf, data = "success", "", app_party, user_party, {}
    match type_:
        case "ACCESS_TOKEN_MINTED":
            data = token | {
                "app": named_app,
                "user": {"uuid": user_id, "email": user_party[2]},
                "kid": kid,
                "scopes": ["read_builds", "read_pipelines"],
                "ttl": 600,
                "networks": ["10.0.0.0/8"],
                "jti_sha256": f"{chance.getrandbits(256):064x}",
                "resource": None,
            }
        case "TOKEN_EXCHANGE_DENIED":
            outcome, reason, subject = "denied", chance.choice(_REASONS), ("", None, "")
            checks = ("client", "signature", "lifetime", "audience", "network", "scope")
            receipt = [{"check": name, "passed": True, "expected": "", "seen": ""} for name in checks]
            data = {"error": "invalid_client", "status": 401, "receipt": receipt, "client_id": app_id.hex[:20]}
        case "ACCESS_TOKEN_REVOKED":
            actor, data = user_party, token | {"app": app_id}
        case _:
            actor, behalf, kid = user_party, ("", None, ""), ""
            subject = app_party if "APP" in type_ else user_party
            data = {"changes": {"max_token_ttl": {"before": 3600, "after": 600}}}
    address = ipaddress.ip_address(0x0A000000 | tenant << 14 | int(chance.random() ** 3 * 16_000))
    return (
        uuid7_at(moment, chance),
        1,
        type_,
        moment,
        outcome,
        reason,
        BIG if tenant == 0 else named("organization", tenant),
        f"organization-{tenant}",
        *actor,
        *behalf,
        *subject,
        kid,
        "WebContext",
        str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        str(address),
        "curl/8.5.0",
        data,
    )


def uuid7_at(moment: datetime, chance: random.Random) -> uuid.UUID:
    microseconds = int(moment.timestamp() * 1_000_000)
    milliseconds, rest = divmod(microseconds, 1000)
    fraction = rest * 4096 // 1000
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | fraction << 64 | 2 << 62 | chance.getrandbits(62))


def fill(count: int) -> None:
    """Write `count` sealed events into an empty log, around its triggers."""
    made = rows(count, end=datetime.now(UTC) - timedelta(minutes=1))
    seals, last = Seals(), uuid.UUID(int=0)
    with _without_triggers():
        while chunk := list(islice(made, _CHUNK)):
            sealed, last = [seals.next(row) for row in chunk], chunk[-1][0]
            _write_events(chunk)
            _write(AuditSeal._meta.db_table, ("event_id", "chain", "sequence", "previous", "hash"), sealed)
    AuditChain.objects.bulk_create(seals.ends.values())
    AuditSealer.objects.create(pk=1, look_from=last)


def append(count: int) -> None:
    """Write `count` events of the last seconds, as the product would leave them: not sealed, not indexed."""
    _write_events(list(rows(count, end=datetime.now(UTC), within=timedelta(seconds=10))))


def _write_events(events: list[tuple[Any, ...]]) -> None:
    _write(AuditEvent._meta.db_table, COLUMNS, [(*row[:-1], orjson.dumps(row[-1]).decode()) for row in events])


def _write(table: str, columns: tuple[str, ...], chunk: list[tuple[Any, ...]]) -> None:
    connection.ensure_connection()
    (_copied if connection.vendor == "postgresql" else _inserted)(table, columns, chunk)


class Seals:
    """Seals as the sealer makes them; orjson's sorted form is the canonical one of what `rows` makes."""

    def __init__(self) -> None:
        self.ends: dict[uuid.UUID, AuditChain] = {}

    def next(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        chain = row[6]
        if chain not in self.ends:
            self.ends[chain] = AuditChain(pk=chain, slug=row[7], sequence=0, hash=genesis(chain))
        end = self.ends[chain]
        previous = end.hash
        end.sequence += 1
        end.hash = link_hash(previous, end.sequence, orjson.dumps(event_document(*row), option=orjson.OPT_SORT_KEYS))
        return (row[0], chain, end.sequence, previous, end.hash)


@contextmanager
def _without_triggers() -> Iterator[None]:
    """SQLite asks its triggers on INSERT too; an index over random values is made in a tenth of the time it takes to
    keep it up; and a benchmark's data need not survive a loss of power."""
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if is_sqlite:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA cache_size=-500000")
            cursor.execute(
                "SELECT type, name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name LIKE 'audit%%'"
            )
            dropped = cursor.fetchall()
        else:
            cursor.execute("SET synchronous_commit = off")
            dropped = []
        dropped += [("index", index.name, _definition(cursor, index.name)) for index in AuditEvent._meta.indexes]
        for kind, name, _ in dropped:
            cursor.execute(f"DROP {kind} {name}")
        yield
        for _, _, definition in dropped:
            cursor.execute(definition)


def _definition(cursor: Any, index: str) -> str:
    table, name, column = (
        ("sqlite_master", "name", "sql") if connection.vendor == "sqlite" else ("pg_indexes", "indexname", "indexdef")
    )
    cursor.execute(f"SELECT {column} FROM {table} WHERE {name} = %s", [index])
    return str(cursor.fetchone()[0])


def _copied(table: str, columns: tuple[str, ...], chunk: list[tuple[Any, ...]]) -> None:
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with psycopg.Cursor(connection.connection) as cursor, cursor.copy(statement) as copy:
        for row in chunk:
            copy.write_row(row)


def _inserted(table: str, columns: tuple[str, ...], chunk: list[tuple[Any, ...]]) -> None:
    insert = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    cursor = connection.connection.cursor()
    cursor.execute("BEGIN")
    cursor.executemany(insert, [tuple(map(_as_sqlite, row)) for row in chunk])
    cursor.execute("COMMIT")


def _as_sqlite(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return str(value.replace(tzinfo=None)) if isinstance(value, datetime) else value

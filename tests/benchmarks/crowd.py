"""A large organization in a migrated database: a thousand apps, and as many tokens and events as are asked for.

Rows are written past every service, in bulk, shaped like those of a real mint: the newest now, the oldest 29 days ago.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection, models, transaction

from audit.actions import AuditAction, Outcome
from audit.models import AuditEvent
from exchange_apps.models import ApplicationKey, ExchangeApplication, Membership, MintedToken, Organization, Role, User
from tests.keys import jwks

SPAN = timedelta(days=29)
SLUG = "crowd"
_NEVER_USED = 50
_REASONS = ("scope_not_grantable", "assertion_expired", "subject_not_member", "assertion_replayed", "signature_invalid")
_ROWS_AT_ONCE = 5_000


def fill(*, apps: int = 1_000, users: int = 500, tokens: int = 1_000_000, events: int = 1_000_000) -> Organization:
    """Write it all; the organization's owner is ``olga@crowd.test``, and ``bob@crowd.test`` has three old tokens."""
    now = datetime.now(UTC)
    organization = Organization.objects.create(slug=SLUG, name="Crowd")
    people = _people(organization, users)
    services = _apps(organization, apps, now)
    with transaction.atomic():
        _copy(MintedToken, _tokens(organization, services, people, tokens, now))
        _copy(AuditEvent, _events(organization, services, people, events, now))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as PostgreSQL does by itself after a while
    return organization


def _people(organization: Organization, count: int) -> list[User]:
    names = ["olga", "bob", *(f"user-{number}" for number in range(count - 2))]
    people = User.objects.bulk_create(User(email=f"{name}@{SLUG}.test", email_verified=True) for name in names)
    Membership.objects.bulk_create(
        Membership(organization=organization, user=user, role=Role.MEMBER if place else Role.OWNER)
        for place, user in enumerate(people)
    )
    return people


def _apps(organization: Organization, count: int, now: datetime) -> list[ExchangeApplication]:
    document = jwks("crowd-1")
    services = ExchangeApplication.objects.bulk_create(
        ExchangeApplication(
            organization=organization,
            name=f"service-{number:04}",
            jwks=document,
            grantable_scopes=["read_builds", "write_builds"],
            default_scopes=["read_builds"],
            created_by=f"olga@{SLUG}.test",
        )
        for number in range(count)
    )
    key = document["keys"][0]
    ApplicationKey.objects.bulk_create(
        ApplicationKey(
            application=app,
            kid=key["kid"],
            thumbprint=f"{place:043}",
            label="RSA 2048",
            last_used_at=None if place >= count - _NEVER_USED else now - timedelta(minutes=place),
        )
        for place, app in enumerate(services)
    )
    return services


def _moments(count: int, now: datetime) -> Iterator[tuple[datetime, UUID]]:
    """Times in order, with identifiers to them."""
    chance = random.Random(7)
    for place in range(count):
        moment = now - SPAN * (1 - (place + 1) / count)
        milliseconds = int(moment.timestamp() * 1000)
        rest = (place & 0xFFF) << 64 | 0x2 << 62 | chance.getrandbits(62)
        yield moment, UUID(int=milliseconds << 80 | 0x7 << 76 | rest)


def _busy(chance: random.Random, count: int) -> int:
    """Few apps do most of the work, and the last ones none."""
    return int((count - _NEVER_USED) * chance.random() ** 3) if count > _NEVER_USED else chance.randrange(count)


def _tokens(
    organization: Organization, apps: list[ExchangeApplication], people: list[User], count: int, now: datetime
) -> Iterator[MintedToken]:
    chance = random.Random(1)
    for place, (moment, uuid) in enumerate(_moments(count, now)):
        user = people[1] if place < 3 else people[2 + chance.randrange(len(people) - 2)]
        yield MintedToken(
            id=uuid,
            digest=chance.randbytes(32),
            last_four=f"{place % 10_000:04}",
            organization=organization,
            application=apps[_busy(chance, len(apps))],
            user=user,
            key_id="crowd-1",
            scopes=["read_builds"],
            allowed_ips=[],
            created_at=moment,
            expires_at=moment + timedelta(hours=1),
            revoked_at=moment + timedelta(minutes=5) if place % 5_000 == 0 else None,
        )


def _events(
    organization: Organization, apps: list[ExchangeApplication], people: list[User], count: int, now: datetime
) -> Iterator[AuditEvent]:
    chance = random.Random(2)
    for place, (moment, uuid) in enumerate(_moments(count, now)):
        app, user = apps[_busy(chance, len(apps))], people[2 + chance.randrange(len(people) - 2)]
        is_denied = place % 12 == 0
        data: dict[str, Any] = {"app": {"uuid": str(app.pk), "name": app.name}, "kid": "crowd-1", "ttl": 3600}
        yield AuditEvent(
            id=uuid,
            type=AuditAction.TOKEN_EXCHANGE_DENIED if is_denied else AuditAction.ACCESS_TOKEN_MINTED,
            occurred_at=moment,
            outcome=Outcome.DENIED if is_denied else Outcome.SUCCESS,
            reason=_REASONS[chance.randrange(len(_REASONS))] if is_denied else "",
            organization_id=organization.pk,
            organization_slug=organization.slug,
            actor_type="TOKEN_EXCHANGE_APP",
            actor_id=app.pk,
            actor_name=app.name,
            on_behalf_of_type="USER",
            on_behalf_of_id=user.pk,
            on_behalf_of_name=user.email,
            subject_type="" if is_denied else "MINTED_TOKEN",
            subject_id=None if is_denied else UUID(int=chance.getrandbits(128)),
            subject_name="" if is_denied else "…abcd",
            key_id="crowd-1",
            context_type="RequestContext",
            request_id=str(UUID(int=chance.getrandbits(128))),
            request_ip="192.0.2.7",
            data=data | {"receipt": [{"check": "signature", "passed": True}] * 9 if is_denied else []},
        )


def _copy(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Insert as fast as the database takes it: COPY on PostgreSQL, many rows a statement on SQLite."""
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    values = ([_plain(field, getattr(row, field.attname)) for field in fields] for row in rows)
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
            return
        statement = f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(fields))})"
        while batch := list(islice(values, _ROWS_AT_ONCE)):
            cursor.connection.executemany(statement, batch)


def _plain(field: models.Field, value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return json.dumps(value)
    if connection.vendor == "postgresql":
        return value
    return field.get_db_prep_value(value, connection)

"""A small log with a bit of everything, and the searches over it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from random import Random

import pytest

from audit.actions import AuditAction, Outcome
from audit.models import AuditEvent
from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party, PartyType
from audit.proof.sealing import seal_events
from audit.recorder import event_row, record_events
from audit.search import candidates, index, index_batch, places
from audit.search.find import Search
from audit.search.query import parse

ACME = OrganizationRef(uuid.UUID(int=1), "acme")
GLOBEX = OrganizationRef(uuid.UUID(int=2), "globex")
APPS = [Party(PartyType.TOKEN_EXCHANGE_APP, uuid.UUID(int=100 + n), f"app-{n}") for n in range(4)]
USERS = [Party(PartyType.USER, uuid.UUID(int=200 + n), f"User-{n}@acme.test") for n in range(12)]
ADDRESSES = [
    ip_address(text) for text in ("10.0.0.1", "10.0.0.77", "10.9.0.1", "192.0.2.7", "2001:db8::1", "2001:db8:8::1")
]
FindAll = Callable[[str], list[AuditEvent]]


def row(chance: Random, moment: datetime) -> dict[str, object]:
    action = chance.choice([AuditAction.ACCESS_TOKEN_MINTED] * 6 + list(AuditAction)[:8])
    app, user = chance.choice(APPS), chance.choice(USERS)
    token = uuid.UUID(int=chance.getrandbits(128), version=4)
    is_token = action in (AuditAction.ACCESS_TOKEN_MINTED, AuditAction.ACCESS_TOKEN_REVOKED)
    data: dict[str, object] = (
        {"token_uuid": str(token), "token_sha256": f"{chance.getrandbits(256):064x}"} if is_token else {}
    )
    data |= chance.choice([{}, {"client_id": "c" * 20}, {"app": str(app.uuid)}, {"app": {"client_id": "D" * 20}}])
    made = event_row(
        action,
        occurred_at=moment,
        organization=chance.choice([ACME, ACME, GLOBEX, None]),
        actor=chance.choice([app, user]),
        on_behalf_of=chance.choice([user, None]),
        subject=Party(PartyType.MINTED_TOKEN, token, "…wxyz") if is_token else chance.choice([app, user, None]),
        origin=RequestOrigin(chance.choice([*ADDRESSES, None]), "", str(uuid.UUID(int=chance.getrandbits(128)))),
        outcome=chance.choice([Outcome.SUCCESS, Outcome.SUCCESS, Outcome.DENIED]),
        reason=chance.choice(["", "assertion_replayed"]),
        key_id=chance.choice(["", "deploy-1", "deploy-2"]),
        data=data,
    )
    milliseconds = int(moment.timestamp() * 1000)
    return made | {"id": uuid.UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | chance.getrandbits(62))}


@pytest.fixture
def log(db: None, monkeypatch: pytest.MonkeyPatch) -> list[AuditEvent]:
    """300 events, one a minute: the oldest indexed in small chunks, some only sealed, the newest neither."""
    for module in (places, candidates, index, index_batch):
        monkeypatch.setattr(module, "CHUNK", 32)
    chance, start = Random(5), datetime.now(UTC) - timedelta(minutes=310.5)
    moments = [start + timedelta(minutes=n) for n in range(300)]
    record_events(row(chance, moment) for moment in moments[:240])
    seal_and_index(at=moments[239])
    record_events(row(chance, moment) for moment in moments[240:270])
    seal_events(now=moments[269])
    record_events(row(chance, moment) for moment in moments[270:])
    return list(AuditEvent.objects.order_by("-id"))


def seal_and_index(*, at: datetime | None = None) -> None:
    seal_events(now=at or datetime.now(UTC))
    index.index_sealed_events()


def search(text: str, *organizations: OrganizationRef) -> Search:
    """A search in the logs of these organizations, or in Acme's."""
    own = frozenset(one.uuid for one in organizations or (ACME,))
    return Search(parse(text), AuditEvent.objects.filter(organization_id__in=own), own, datetime.now(UTC), UTC)


def search_everywhere(text: str) -> Search:
    return Search(parse(text), AuditEvent.objects.all(), None, datetime.now(UTC), UTC)


def all_pages(searching: Search, length: int = 7) -> list[AuditEvent]:
    """Everything a search finds, page by page, newest first."""
    found: list[AuditEvent] = []
    older_than = None
    while True:
        page = searching.page(older_than=older_than, length=length)
        found += page.events
        if not page.more:
            return found
        older_than = page.searched_to or found[-1].pk


@pytest.fixture
def find_all(log: list[AuditEvent]) -> FindAll:
    """Everything a search in Acme's log finds."""
    return lambda text: all_pages(search(text))

"""When and from where a token was used: written together, soon, whatever happens in between."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError

from exchange_apps.models import MintedToken
from exchange_apps.services import token_use
from exchange_apps.services.token_use import UseBuffer, write_uses
from tests.conftest import Exchange, at_once, statements
from tests.factories import make_application

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def secret(exchange: Exchange) -> str:
    return exchange().json()["access_token"]


@pytest.mark.django_db(transaction=True)
def test_the_first_and_the_last_use_are_told_apart(secret: str, use_token: Callable[..., Any]) -> None:
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        assert use_token(secret, REMOTE_ADDR=address).status_code == 200
    assert MintedToken.objects.get().last_used_at is None  # not yet
    assert write_uses() == 1
    token = MintedToken.objects.get()
    assert (token.first_used_ip, token.last_used_ip) == ("192.0.2.1", "192.0.2.3")
    assert token.first_used_at is not None
    assert token.last_used_at is not None
    assert token.created_at <= token.first_used_at < token.last_used_at


@pytest.mark.django_db(transaction=True)
def test_processes_may_write_in_any_order(secret: str) -> None:
    token = MintedToken.objects.get()
    for minutes, address in ((5, "192.0.2.5"), (9, "192.0.2.9"), (1, "192.0.2.1"), (7, None)):
        at = NOON + timedelta(minutes=minutes)
        token_use._waiting.add(token.pk, at, address)
        assert write_uses() == 1
    token.refresh_from_db()
    assert (token.first_used_at, token.first_used_ip) == (NOON + timedelta(minutes=1), "192.0.2.1")
    assert (token.last_used_at, token.last_used_ip) == (NOON + timedelta(minutes=9), "192.0.2.9")


@pytest.mark.django_db(transaction=True)
def test_what_is_refused_is_no_use(secret: str, use_token: Callable[..., Any]) -> None:
    MintedToken.objects.update(revoked_at=NOON)
    assert use_token(secret).status_code == 401
    assert write_uses() == 0


def test_a_use_asks_the_database_for_nothing_more(secret: str, use_token: Callable[..., Any]) -> None:
    with statements() as asked:
        assert use_token(secret).status_code == 200
    assert not any("UPDATE" in text for text in asked)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_does_not_answer_fails_no_request(
    secret: str, use_token: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_uses: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(token_use, "_write", broken)
    assert use_token(secret).status_code == 200
    assert write_uses() == 0
    monkeypatch.undo()
    assert use_token(secret).status_code == 200
    assert write_uses() == 1


def test_they_are_written_by_themselves(
    shared_database: str, exchange: Exchange, use_token: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_use, "WRITE_AFTER", 0.05)
    assert use_token(exchange().json()["access_token"]).status_code == 200
    deadline = time.monotonic() + 10
    while MintedToken.objects.get().last_used_at is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_buffer_takes_uses_from_many_threads_and_no_more_tokens_than_it_may(
    monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setattr(token_use, "MOST_WAITING", 3)
    buffer = UseBuffer()
    tokens = [MintedToken().pk for _ in range(5)]
    woken = at_once(8, lambda number: [buffer.add(token, NOON + timedelta(seconds=number), None) for token in tokens])
    assert sum(map(sum, woken)) == 1
    taken = buffer.take()
    assert len(taken) == 3
    assert {use.last_at for use in taken.values()} == {NOON + timedelta(seconds=7)}
    assert buffer.take() == {}


@pytest.mark.django_db(transaction=True)
def test_many_tokens_are_written_at_once(acme: Any, bob: Any) -> None:
    app = make_application(acme)
    tokens = [
        MintedToken(
            digest=number.to_bytes(32),
            last_four="abcd",
            organization=acme,
            application=app,
            user=bob,
            key_id="k",
            scopes=[],
            created_at=NOON,
            expires_at=NOON + timedelta(hours=1),
        )
        for number in range(1200)
    ]
    MintedToken.objects.bulk_create(tokens)
    for token in tokens:
        token_use._waiting.add(token.pk, NOON, "2001:db8::1")
    assert write_uses() == 1200
    assert MintedToken.objects.filter(last_used_ip="2001:db8::1", first_used_at=NOON).count() == 1200

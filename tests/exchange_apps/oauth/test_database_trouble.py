"""A database that is locked, full or gone: 503 in JSON, nothing acknowledged is lost, no jti is used up."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest
from django.db import close_old_connections, connection, connections

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, MintedToken, UsedAssertion, User
from tests.conftest import Exchange, Response, mints
from tests.keys import sign_assertion

ON_POSTGRESQL = connection.vendor == "postgresql"
only_sqlite = pytest.mark.skipif(ON_POSTGRESQL, reason="how SQLite fails")
only_postgresql = pytest.mark.skipif(not ON_POSTGRESQL, reason="how PostgreSQL fails: needs TEST_DATABASE_URL")

pytestmark = pytest.mark.usefixtures("shared_database")


@pytest.fixture
def kept(exchange: Exchange) -> str:
    """A token acknowledged before the trouble."""
    secret: str = exchange().json()["access_token"]
    return secret


def assert_unavailable(response: Response) -> None:
    assert response.status_code == 503, response.content
    assert response["Retry-After"] == "5"
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert (body["error"], body["error_description"]) == (
        "temporarily_unavailable",
        "The service cannot store the exchange right now: try again shortly",
    )
    assert set(body) == {"error", "error_description", "request_id", "error_uri"}


def assert_only_this_token(secret: str) -> None:
    digest = hashlib.sha256(secret.encode()).digest()
    assert [bytes(token.digest) for token in MintedToken.objects.all()] == [digest]
    assert [event.data["token_sha256"] for event in mints()] == [digest.hex()]
    assert UsedAssertion.objects.count() == 1


@contextmanager
def locked() -> Iterator[None]:
    """Another connection is in the middle of a long write."""
    with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full() -> Iterator[None]:
    """Not one page more can be written."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        yield
        cursor.execute("PRAGMA max_page_count = 1073741823")


TROUBLES = {"locked": locked, "full": full}


def be_impatient() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 50")


@only_sqlite
@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_mint_is_answered_that_could_not_be_written(
    exchange: Exchange, kept: str, deploy_bot: ExchangeApplication, trouble: str
) -> None:
    be_impatient()
    assertion = sign_assertion(deploy_bot.client_id)
    padding = "urn:x:" + "x" * 150  # so that a full database has no room left inside its last page
    with TROUBLES[trouble]():
        for _ in range(40):
            response = exchange(client_assertion=assertion, resource=padding)
            if response.status_code != 200:
                break
            assertion = sign_assertion(deploy_bot.client_id)
        assert_unavailable(response)
        acknowledged = MintedToken.objects.count()
    assert MintedToken.objects.count() == acknowledged == len(mints()) == UsedAssertion.objects.count()
    assert exchange(client_assertion=assertion).status_code == 200


@only_sqlite
def test_while_the_database_is_locked_everything_stored_is_still_there(
    exchange: Exchange, kept: str, use_token: Callable[..., Response]
) -> None:
    be_impatient()
    with locked():
        assert_unavailable(exchange())
        assert use_token(kept).status_code == 200  # readers do not wait for writers
    assert_only_this_token(kept)


@only_sqlite
def test_a_refusal_that_cannot_be_recorded_is_no_refusal_but_a_503(exchange: Exchange, kept: str) -> None:
    """Whoever is told why must be in the log; otherwise probing would be free while the disk is full."""
    be_impatient()
    with locked():
        assert_unavailable(exchange(scope="write_agents"))
        assert_unavailable(exchange(key="stranger", headers={"kid": "deploy-1"}))
    assert not AuditEvent.objects.filter(type="TOKEN_EXCHANGE_DENIED").exists()


@only_sqlite
def test_a_revocation_that_cannot_be_written_is_not_answered_as_done(
    kept: str, use_token: Callable[..., Response]
) -> None:
    be_impatient()
    with locked():
        response = use_token(kept, "DELETE")
        assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert use_token(kept).status_code == 200
    assert not AuditEvent.objects.filter(type="ACCESS_TOKEN_REVOKED").exists()


@only_postgresql
def test_a_connection_that_was_cut_is_a_503_and_the_next_request_works(
    exchange: Exchange, kept: str, deploy_bot: ExchangeApplication
) -> None:
    assertion = sign_assertion(deploy_bot.client_id)
    cut_connection()
    assert_unavailable(exchange(client_assertion=assertion))
    close_old_connections()  # what Django does between two requests
    assert_only_this_token(kept)
    assert exchange(client_assertion=assertion).status_code == 200


@only_postgresql
def test_a_refusal_over_a_cut_connection_is_a_503(exchange: Exchange, kept: str) -> None:
    cut_connection()
    assert_unavailable(exchange(scope="write_agents"))
    close_old_connections()
    assert exchange(scope="write_agents").status_code == 400


@only_postgresql
def test_a_token_over_a_cut_connection_is_a_503(kept: str, use_token: Callable[..., Response]) -> None:
    cut_connection()
    assert use_token(kept).status_code == 503
    close_old_connections()
    assert use_token(kept).status_code == 200


@only_postgresql
def test_a_server_that_refuses_connections_is_a_503(exchange: Exchange, kept: str, bob: User) -> None:
    connection.close()
    connections.settings["default"]["PORT"], port = "1", connections.settings["default"]["PORT"]
    try:
        assert_unavailable(exchange())
    finally:
        connections.settings["default"]["PORT"] = port
        connection.close()
    assert exchange().status_code == 200


def cut_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = cursor.fetchone()[0]
    given = connection.get_connection_params()
    login = {name: given[name] for name in ("dbname", "user", "password", "host", "port") if given.get(name)}
    with psycopg.connect(**login, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [process])
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [process]).fetchone():
            pass

"""The stage: the cast as fixtures, and `exchange(**changes)`, one good call to the token endpoint with changes."""

from __future__ import annotations

import gc
import itertools
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import hypothesis
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import get_commands
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audit import identifiers
from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, Organization, Role, User
from exchange_apps.services import exchange_attempt, failure_limit, rate_limit, standing, token_use
from oidc_issuer import signing
from tests import factories
from tests.keys import ABSENT, private_key, sign_assertion
from tests.ports import free_port

Response = Any  # of the test client: django-stubs knows it under a private name only
Exchange = Callable[..., Response]
Result = TypeVar("Result")

pytest_plugins = ["tests.world"]
ROOT = Path(__file__).resolve().parent.parent

# One database for all examples of a test is what is wanted here; a slow machine is no failure.
hypothesis.settings.register_profile(
    "counterfoil",
    deadline=None,
    max_examples=40,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("counterfoil")


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: the garbage collector need not look at it at every turn."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _a_new_process() -> Iterator[None]:
    forget_everything()
    if settings.REDIS_URL:  # the database forgets what a test counted, Redis does not
        for key in rate_limit._client().scan_iter(f"{settings.REDIS_PREFIX}:*"):
            rate_limit._client().delete(key)
    yield
    forget_everything()


@pytest.fixture(autouse=True)
def _signing_keys_of_earlier_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """The issuer's keys are real ones, but no test waits for RSA to find new primes where an earlier one did."""
    numbers = itertools.count()
    monkeypatch.setattr(
        signing, "_new_private_key", lambda algorithm: private_key(f"issuer {next(numbers)}", algorithm)
    )


def forget_everything() -> None:
    """What a process keeps between requests goes, as when a new one starts. Identifiers only grow: a day that a test
    spent in the future would stay."""
    identifiers._last = 0
    failure_limit.forget_blocked()
    exchange_attempt.waiting_tallies.forget()
    standing.forget_standings()
    rate_limit.forget_connection()
    token_use.forget_uses()


@pytest.fixture(scope="session", autouse=True)
def _flush_lifts_the_triggers(django_db_setup: None) -> None:
    """Tests with real commits flush all tables afterwards: the log's triggers are lifted for that, as only the owner
    of the tables can, and the catalogue is filled again."""
    operations = type(
        connection.ops
    )  # not the one object: beside Playwright's event loop Django makes another connection
    execute_sql_flush = operations.execute_sql_flush
    catalogue = import_module("exchange_apps.migrations.0003_scope_catalogue")
    append_only = import_module("audit.migrations.0002_append_only")
    one_door = import_module("audit.migrations.0005_one_door")

    def flush(self: Any, statements: Iterable[str]) -> None:
        with self.connection.schema_editor() as editor:
            one_door.drop(apps, editor)
            append_only.drop(apps, editor)
        try:
            execute_sql_flush(self, list(statements))
        finally:
            with self.connection.schema_editor() as editor:
                append_only.create(apps, editor)
                one_door.create(apps, editor)
        catalogue.fill(apps, None)

    operations.execute_sql_flush = flush


@pytest.fixture
def shared_database(transactional_db: None, tmp_path: Path) -> Iterator[str]:
    """A database that several connections and processes share, as in life; its address."""
    with database_shared_in(tmp_path / "counterfoil.sqlite3") as address:
        yield address


@contextmanager
def database_shared_in(file: Path) -> Iterator[str]:
    """The tests' database where others reach it; its address. In memory SQLite has one connection: it is copied into
    `file`, over whatever a former test left there, and this thread works on the copy."""
    if connection.vendor != "sqlite":
        parts = connection.settings_dict
        yield f"postgres://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"
        return
    connection.ensure_connection()
    in_memory, name = connection.connection, connection.settings_dict["NAME"]
    with closing(sqlite3.connect(file)) as copy:
        in_memory.backup(copy)
    connection.connection, connection.settings_dict["NAME"] = None, str(file)
    try:
        yield f"sqlite:///{file}"
    finally:
        connection.close()
        connection.connection, connection.settings_dict["NAME"] = in_memory, name


@pytest.fixture
def acme(db: None) -> Organization:
    return factories.make_organization("acme")


@pytest.fixture
def globex(db: None) -> Organization:
    return factories.make_organization("globex")


@pytest.fixture
def olga(acme: Organization) -> User:
    return factories.make_member(acme, "olga@acme.test", Role.OWNER, name="Olga")


@pytest.fixture
def alice(acme: Organization) -> User:
    return factories.make_member(acme, "alice@acme.test", Role.ADMIN, name="Alice")


@pytest.fixture
def bob(acme: Organization) -> User:
    return factories.make_member(acme, "bob@acme.test", Role.MEMBER, name="Bob")


@pytest.fixture
def carol(acme: Organization) -> User:
    return factories.make_member(acme, "carol@acme.test", Role.AUDITOR, name="Carol")


@pytest.fixture
def mallory(globex: Organization) -> User:
    return factories.make_member(globex, "mallory@globex.test", Role.OWNER, name="Mallory")


@pytest.fixture
def deploy_bot(acme: Organization) -> ExchangeApplication:
    return factories.make_application(acme)


@pytest.fixture
def exchange(client: Client, deploy_bot: ExchangeApplication, bob: User) -> Exchange:
    """Post a good exchange for Bob. Keyword arguments change form parameters (ABSENT leaves one out); `claims`,
    `headers`, `key` and `algorithm` change the assertion, `extra` the HTTP request."""

    def call(
        *,
        claims: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        key: str = "deploy-1",
        algorithm: str = "RS256",
        extra: dict[str, Any] | None = None,
        path: str = "/oauth/token",
        **changes: Any,
    ) -> Any:
        form = good_form(deploy_bot.client_id, claims=claims, headers=headers, key=key, algorithm=algorithm, **changes)
        return post_form(client, path, form, **(extra or {}))

    return call


def good_form(signer: str, /, *, claims: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, str]:
    """The parameters of a good exchange for Bob, signed by the app with that client id, with changes; those named like
    `sign_assertion`'s go there."""
    signing = {name: changes.pop(name) for name in ("headers", "key", "algorithm") if name in changes}
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "subject_token": "bob@acme.test",
        "subject_token_type": "urn:buildkite:params:oauth:token-type:user-email",
        "audience": "acme",
    } | changes
    if "client_assertion" not in form:
        form["client_assertion"] = sign_assertion(signer, **signing, **(claims or {}))
    return {name: value for name, value in form.items() if value is not ABSENT}


def post_form(client: Client, path: str, form: dict[str, str], **extra: Any) -> Any:
    return client.generic("POST", path, urlencode(form), "application/x-www-form-urlencoded", **extra)


@pytest.fixture
def use_token(client: Client) -> Callable[..., Any]:
    """Call `/v2/access-token` as the bearer of a token: `use_token(secret, method="DELETE", REMOTE_ADDR=...)`."""

    def call(secret: str, method: str = "GET", **extra: Any) -> Any:
        return client.generic(method, "/v2/access-token", **({"HTTP_AUTHORIZATION": f"Bearer {secret}"} | extra))

    return call


def denials() -> list[AuditEvent]:
    """The refusals in the log, oldest first."""
    return list(AuditEvent.objects.filter(type="TOKEN_EXCHANGE_DENIED").order_by("id"))


def mints() -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type="ACCESS_TOKEN_MINTED").order_by("id"))


def reason_of(response: Any) -> str:
    """What the log says about the refusal a caller just got: the private reason behind the public sentence."""
    event = AuditEvent.objects.get(request_id=response.json()["request_id"])
    assert event.type == "TOKEN_EXCHANGE_DENIED", event.type
    return event.reason


@contextmanager
def statements() -> Iterator[list[str]]:
    """What this connection asks of its database, whichever cursor asks. On PostgreSQL only what Django's own asks."""
    texts: list[str] = []
    if connection.vendor == "postgresql":
        with CaptureQueriesContext(connection) as captured:
            yield texts
        texts += [query["sql"] for query in captured]
    else:
        connection.ensure_connection()
        connection.connection.set_trace_callback(texts.append)
        yield texts
        connection.connection.set_trace_callback(None)
        texts[:] = [text for text, before in zip(texts, [None, *texts], strict=False) if text != before]  # a trigger
    control = re.compile(r"SAVEPOINT|RELEASE|BEGIN|COMMIT|ROLLBACK")
    texts[:] = [text for text in (re.sub(r"\s+", " ", text).strip() for text in texts) if not control.match(text)]


def at_once(times: int, call: Callable[[int], Result]) -> list[Result]:
    """Call `times` times from as many threads that start together; each has its own database connection."""
    start = threading.Barrier(times)

    def run(number: int) -> Result:
        try:
            start.wait(timeout=30)
            return call(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(run, range(times)))


@contextmanager
def running_server(
    database_url: str, *, workers: int = 2, threads: int = 4, port: int = 0, **environment: str
) -> Iterator[str]:
    """The product's own web server in processes of its own; gives its address. Port 0: any that is free.

    Its broker is one that nobody answers at: the jobs of an embedded server would take half the machine from the tests.
    """
    port = port or free_port()
    names = {name for name in os.environ if name.startswith(("TEST_", "PYTEST", "DJANGO_"))} | {"REDIS_URL"}
    environment = {
        **{name: value for name, value in os.environ.items() if name not in names},
        "DATABASE_URL": database_url,
        "PUBLIC_URL": "http://localhost:8000",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "COUNTERFOIL_ENV_FILE": "",
        "LOG_FORMAT": "json",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    } | environment
    size = ["--port", str(port), "--workers", str(workers)]
    command = (
        [sys.executable, "manage.py", "serve", "--host", "127.0.0.1", *size, "--threads", str(threads)]
        if "serve" in get_commands()
        else [
            sys.executable,
            "-m",
            "granian",
            "--interface",
            "wsgi",
            "--no-ws",
            "--host",
            "127.0.0.1",
            *size,
            "--blocking-threads",
            str(threads),
            "config.wsgi:application",
        ]
    )
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=15)


def wait_until_ready(address: str, process: subprocess.Popen[str], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {process.stderr.read() if process.stderr else ''}")
        try:
            with urllib.request.urlopen(address, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not answer in time")


def post_to(address: str, form: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of a form posted over a connection of its own."""
    request = urllib.request.Request(address, urlencode(form).encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read(), dict(response.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


@pytest.fixture
def redis_counters(settings: Settings) -> str:
    """Limits counted in a real Redis; the test is skipped where none answers."""
    import redis

    address = os.environ.get("TEST_REDIS_URL") or "redis://127.0.0.1:6379/0"
    try:
        with closing(redis.Redis.from_url(address, socket_connect_timeout=1)) as probe:
            probe.ping()
    except redis.RedisError:
        pytest.skip("no Redis answers: set TEST_REDIS_URL")
    settings.REDIS_URL = address
    rate_limit.forget_connection()
    return address

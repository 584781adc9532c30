"""The background jobs with a real worker process, on every broker that is there."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.conf import settings

from audit.models import AuditEvent
from config.celery import SCHEDULE, app
from exchange_apps.models import ExchangeApplication, RemoteKeySet
from exchange_apps.services.remote_keys import key_set_of
from tests import factories
from tests.certificate_authority import CertificateAuthority
from tests.jwks_host import JWKSHost, json_answer, running_jwks_host
from tests.keys import jwks

ROOT = Path(__file__).resolve().parents[2]
app.autodiscover_tasks(force=True)
WITHIN = 30.0


def test_every_scheduled_job_is_a_task() -> None:
    assert set(SCHEDULE) <= set(app.tasks)


def test_every_task_of_ours_is_scheduled() -> None:
    assert {name for name in app.tasks if not name.startswith("celery.")} == set(SCHEDULE)


def test_messages_are_json_and_results_are_not_kept() -> None:
    assert app.conf.task_serializer == "json"
    assert list(app.conf.accept_content) == ["json"]
    assert app.conf.task_ignore_result


def test_a_job_that_waited_longer_than_its_interval_is_dropped() -> None:
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] == entry["schedule"]


@pytest.fixture
def waiting_set(shared_database: str, trusted_host: JWKSHost) -> RemoteKeySet:
    """A key set that was never fetched, of an app that uses it."""
    key_set = key_set_of(trusted_host.url("/jwks.json", host="127.0.0.1"))
    application = factories.make_application(factories.make_organization("acme"))
    ExchangeApplication.objects.filter(pk=application.pk).update(jwks=None, jwks_uri=key_set.uri, key_set=key_set)
    return key_set


@pytest.fixture
def trusted_host(tmp_path: Path) -> Iterator[JWKSHost]:
    authority = CertificateAuthority.create(tmp_path)
    with running_jwks_host(authority.server_context("127.0.0.1"), answer=json_answer(jwks("deploy-1"))) as host:
        yield host


@pytest.fixture
def environment(shared_database: str, tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "COUNTERFOIL_ENV_FILE": "",
        "DATABASE_URL": shared_database,
        "SECRET_KEY": settings.SECRET_KEY,
        "ENCRYPTION_KEYS": settings.ENCRYPTION_KEYS[0],
        "OUTBOUND_ALLOWED_NETWORKS": "127.0.0.0/8",
        "OUTBOUND_CA_BUNDLE": str(tmp_path / "authority.pem"),
        "LOG_FORMAT": "json",
        "CELERY_BROKER_URL": f"filesystem://{tmp_path / 'queue'}",
    }


def wait_until_fetched(key_set: RemoteKeySet, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        key_set.refresh_from_db()
        if key_set.last_result:
            return
        time.sleep(0.1)
    pytest.fail(f"nothing was fetched: {log.read_text()[-2000:]}")


@pytest.mark.servers
def test_the_embedded_jobs_refresh_a_set_by_themselves_let_no_second_run_and_end_with_their_parent(
    waiting_set: RemoteKeySet, environment: dict[str, str], tmp_path: Path
) -> None:
    log = tmp_path / "jobs.log"
    command = [sys.executable, ROOT / "manage.py", "background_jobs"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=sink, stderr=sink, cwd=tmp_path
        )
    publish("filesystem://", None, folder=tmp_path / "queue")
    try:
        wait_until_fetched(waiting_set, process, log)
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=WITHIN, cwd=tmp_path)
        assert second.returncode == 0
        assert "run in another process already" in second.stderr
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(5) == 0
    finally:
        process.kill()
        process.wait()
    assert waiting_set.last_result == "ok", waiting_set.last_sentence
    assert AuditEvent.objects.filter(type="TOKEN_EXCHANGE_APP_KEYS_CHANGED").count() == 1
    assert "superuser" not in log.read_text()
    assert "Traceback" not in log.read_text()


@pytest.mark.servers
def test_serve_has_the_jobs_with_it_and_ends_with_them_within_five_seconds(
    shared_database: str, environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, ROOT / "manage.py", "serve", "--port", str(port)]
    log = tmp_path / "serve.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(command, env=environment, stdout=sink, stderr=sink, cwd=tmp_path)
    try:
        deadline = time.monotonic() + WITHIN
        while not jobs_are_running(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert jobs_are_running(tmp_path), log.read_text()
        began = time.monotonic()
        server.terminate()
        server.wait(10)
        assert time.monotonic() - began < 5
        assert not jobs_are_running(tmp_path)
    finally:
        server.kill()
        server.wait()


def jobs_are_running(folder: Path) -> bool:
    if not (folder / "background-jobs.lock").exists():
        return False
    with (folder / "background-jobs.lock").open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.servers
@pytest.mark.parametrize("broker", ["redis://127.0.0.1:6379/7", "amqp://guest:guest@127.0.0.1:5672//"])
def test_a_worker_on_a_broker_refreshes_a_set_and_ends_cleanly(
    waiting_set: RemoteKeySet, environment: dict[str, str], tmp_path: Path, broker: str
) -> None:
    if not is_listening(broker):
        pytest.skip(f"nothing listens at {broker}")
    queue, log = f"counterfoil-test-{secrets.token_hex(4)}", tmp_path / "worker.log"
    options = ["--pool", "threads", "--concurrency", "2", "--queues", queue, "--loglevel", "INFO"]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", "worker", *options],
            env=environment | {"CELERY_BROKER_URL": broker}, stdout=sink, stderr=sink, cwd=ROOT,
        )  # fmt: skip
    try:
        publish(broker, queue)
        wait_until_fetched(waiting_set, process, log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        remove(broker, queue)
    assert waiting_set.last_result == "ok", waiting_set.last_sentence
    assert "Traceback" not in log.read_text()


def publish(broker: str, queue: str | None, *, folder: Path | None = None) -> None:
    """Ask for two refreshes at once: the claim lets one of them fetch."""
    with sender(broker, folder) as publisher:
        for _ in range(2):
            publisher.send_task("exchange_apps.refresh_key_sets", queue=queue or "counterfoil")


def sender(broker: str, folder: Path | None = None) -> Celery:
    publisher = Celery("sender", broker=broker, set_as_current=False)
    if folder is not None:
        folder.mkdir(exist_ok=True)
        names = ("data_folder_in", "data_folder_out", "control_folder")
        publisher.conf.broker_transport_options = {name: str(folder) for name in names}
    return publisher


def remove(broker: str, queue: str) -> None:
    with sender(broker) as publisher, publisher.connection_for_write() as opened:
        opened.default_channel.queue_delete(queue)


def is_listening(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((str(parts.hostname), parts.port or 0), 1).close()
    except OSError:
        return False
    return True

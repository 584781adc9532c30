"""`serve` and `run` as real servers: they mint over HTTP, end in time, and say why they cannot start."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.configurations import ADA, acme, an_app, document
from tests.installation import Installation, ask
from tests.keys import sign_assertion
from tests.ports import free_port

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("serve")]  # one process of the suite, one shared server
CLIENT_ID = "0123456789abcdef0123"
ENDS_WITHIN = 5.0
FORM = "application/x-www-form-urlencoded"
Served = tuple[subprocess.Popen[str], int]


@pytest.fixture(scope="module")
def acme_installed(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with the organization acme; not to be changed."""
    folder = tmp_path_factory.mktemp("served") / "acme"
    shutil.copytree(migrated, folder)
    file = json.dumps(document(acme(members=[ADA], token_exchange_apps=[an_app(client_id=CLIENT_ID)])))
    assert Installation(folder).manage("apply", "-", stdin=file).returncode == 0
    return folder


@contextmanager
def serving(installed: Path, folder: Path) -> Iterator[Served]:
    """A server on a copy of an installation, and its port."""
    shutil.copytree(installed, folder, dirs_exist_ok=True)
    port = free_port()
    with Installation(folder).running("serve", "--port", port, "--workers", 2, port=port) as process:
        yield process, port


@pytest.fixture(scope="module")
def served(acme_installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that several tests use."""
    with serving(acme_installed, tmp_path_factory.mktemp("shared")) as server:
        yield server


@pytest.fixture
def own_server(acme_installed: Path, tmp_path: Path) -> Iterator[Served]:
    """A server that the test may end."""
    with serving(acme_installed, tmp_path) as server:
        yield server


def exchange_form() -> bytes:
    return urlencode(
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": sign_assertion(CLIENT_ID),
            "subject_token": "ada@acme.test",
            "subject_token_type": "urn:buildkite:params:oauth:token-type:user-email",
            "audience": "acme",
        }
    ).encode()


def test_it_mints_over_http_and_the_token_describes_itself(served: Served) -> None:
    _, port = served
    status, body = ask(port, "POST", "/oauth/token", exchange_form(), Content_Type=FORM)
    assert status == 200, body
    token = json.loads(body)["access_token"]
    status, body = ask(port, "GET", "/v2/access-token", Authorization=f"Bearer {token}")
    assert (status, json.loads(body)["user"]["email"]) == (200, "ada@acme.test")


def test_a_body_in_chunks_is_read_too(served: Served) -> None:
    _, port = served
    form = exchange_form()
    chunks = iter([form[:100], form[100:]])
    status, body = ask(port, "POST", "/oauth/token", chunks, Content_Type=FORM, Transfer_Encoding="chunked")
    assert status == 200, body


def test_it_ends_at_once_and_leaves_nothing_behind(own_server: Served) -> None:
    process, port = own_server
    ask(port, "POST", "/oauth/token", exchange_form(), Content_Type=FORM)
    processes = children(process)
    assert len(processes) >= 2
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(ENDS_WITHIN) == 0
    assert time.monotonic() - begun < ENDS_WITHIN
    for pid in processes:
        assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/healthz")


def test_ctrl_c_reaches_all_processes_and_is_no_failure(own_server: Served) -> None:
    process, _ = own_server
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=ENDS_WITHIN)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert "Unexpected exit" not in said


def children(process: subprocess.Popen[str]) -> list[int]:
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(child) for child in found.split()]


def web_workers(process: subprocess.Popen[str]) -> list[int]:
    """Its children but for the one with the background jobs."""
    return [pid for pid in children(process) if b"background_jobs" not in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_a_worker_that_dies_is_replaced(served: Served) -> None:
    process, port = served
    workers = web_workers(process)
    os.kill(workers[0], signal.SIGKILL)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        time.sleep(0.2)
        now = web_workers(process)
        if len(now) == 2 and workers[0] not in now:
            break
    assert len(now) == 2
    assert ask(port, "GET", "/readyz")[0] == 200


@pytest.mark.parametrize("command", ["serve", "run"])
def test_a_taken_port_is_named_in_one_line(tmp_path: Path, command: str) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # as a server's workers share it
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = Installation(tmp_path, {"PORT": str(port)}).manage(command)
    assert done.returncode == 1
    assert done.stderr == (
        f"CommandError: Port {port} on 127.0.0.1 cannot be used (Address already in use). "
        "Choose another with PORT, for example PORT=9000.\n"
    )


def test_it_does_not_start_without_migrations(tmp_path: Path) -> None:
    done = Installation(tmp_path).manage("serve", "--port", free_port())
    assert done.returncode == 1
    assert re.fullmatch(
        r"CommandError: \d+ database migrations are not applied. "
        r"Run manage.py migrate first, then start again.\n",
        done.stderr,
    )


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    installation = Installation(tmp_path, {"DATABASE_URL": f"postgres://u:hunter2@127.0.0.1:{free_port()}/x"})
    for command in ("serve", "run"):
        done = installation.manage(command, "--port", free_port())
        assert done.returncode == 1
        assert done.stderr.startswith("CommandError: The database does not answer: ")
        assert "hunter2" not in done.stderr

"""kill -9 at any moment, under load: no token without its event, and nothing the verifier cannot explain."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import pytest

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, User
from tests.audit.proof import log
from tests.conftest import ROOT, good_form, post_to, wait_until_ready
from tests.ports import free_port

ROUNDS, SECONDS, CLIENTS = 3, 2.0, 4
SEALER = """
import django; django.setup()
from audit.tasks import seal_task, sign_checkpoints_task
while True:
    seal_task(); sign_checkpoints_task()
"""


@contextmanager
def killed_at_the_end(*command: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A process and all it started, ended in the middle of whatever they do."""
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.servers
def test_killed_in_a_loop_under_load(shared_database: str, deploy_bot: ExchangeApplication, bob: User) -> None:
    tokens: list[str] = []
    environment = {
        "DATABASE_URL": shared_database,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ALLOWED_HOSTS": "127.0.0.1",
        "PUBLIC_URL": "http://localhost:8000",
    }
    for _ in range(ROUNDS):
        port, stop = free_port(), threading.Event()
        address = f"http://127.0.0.1:{port}"

        def mint(address: str = address, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                try:
                    status, body, _ = post_to(f"{address}/oauth/token", good_form(deploy_bot.client_id))
                except (OSError, ValueError):
                    continue  # killed before it answered: nobody was promised anything
                if status == 200:
                    tokens.append(json.loads(body)["access_token"])

        serve = ("manage.py", "serve", "--host", "127.0.0.1", "--port", str(port), "--workers", "2", "--threads", "4")
        with killed_at_the_end(*serve, **environment) as server, killed_at_the_end("-c", SEALER, **environment):
            wait_until_ready(f"{address}/healthz", server)
            clients = [threading.Thread(target=mint) for _ in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(SECONDS + random.random())
        stop.set()
        for client in clients:
            client.join()
        assert log.verify() == []  # just as the crash left it
    log.sign()
    assert log.verify() == []
    recorded = set(AuditEvent.objects.filter(type="ACCESS_TOKEN_MINTED").values_list("data__token_sha256", flat=True))
    assert len(tokens) > 20
    assert {sha256(token.encode()).hexdigest() for token in tokens} <= recorded

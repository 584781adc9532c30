"""Counterfoil as a user has it: commands and servers in processes of their own, on a database of their own."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

REPOSITORY = Path(__file__).resolve().parent.parent
READY_WITHIN = 30.0


@dataclass(frozen=True)
class Installation:
    """`folder` holds the database; `more` changes the environment of everything that is started."""

    folder: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the developer's own settings."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return {
            **kept,
            "COUNTERFOIL_ENV_FILE": "",
            "DATABASE_URL": f"sqlite:///{self.folder / 'counterfoil.sqlite3'}",
            "SECRET_KEY": "only for tests",
            "ENCRYPTION_KEYS": _ENCRYPTION_KEY,
            **self.more,
        }

    def with_settings(self, **more: str) -> Installation:
        return Installation(self.folder, {**self.more, **more})

    def manage(self, *arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command to its end, from the installation's folder."""
        return subprocess.run(
            _command(*arguments),
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @contextmanager
    def running(self, *arguments: object, port: int) -> Iterator[subprocess.Popen[str]]:
        """A server that answers on `port`, in a session of its own; whatever is left of it is killed in the end."""
        process = subprocess.Popen(
            _command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            wait_until_ready(process, port)
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


_ENCRYPTION_KEY = Fernet.generate_key().decode()


def _command(*arguments: object) -> list[str]:
    return [sys.executable, str(REPOSITORY / "manage.py"), *map(str, arguments)]


def wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"ended with {process.returncode}: {process.communicate()[0]}")
        with suppress(OSError):
            if ask(port, "GET", "/readyz")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"not ready within {READY_WITHIN} s")


def ask(
    port: int, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
) -> tuple[int, bytes]:
    """One request over real HTTP: status and body of the answer. A body that is an iterator is sent in chunks."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, named, encode_chunked=isinstance(body, Iterator))
        response = connection.getresponse()
        return response.status, response.read()

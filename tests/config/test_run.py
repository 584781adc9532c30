"""`manage.py run`, what `make run` starts: a demo whose printed call mints, from any directory, any number of times."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.installation import REPOSITORY, wait_until_ready
from tests.ports import free_port

pytestmark = pytest.mark.servers
KEPT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product without a `var` folder, in a path with a space, as a user may have just fetched it; only that what
    Python has compiled comes along, so that three processes need not do it again."""
    folder = tmp_path_factory.mktemp("a clone")
    for name in ("audit", "config", "exchange_apps", "oidc_issuer", "static", "templates"):
        shutil.copytree(REPOSITORY / name, folder / name)
    shutil.copy(REPOSITORY / "manage.py", folder)
    return folder


@contextmanager
def running(clone: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run"],
        cwd=clone,
        env=KEPT | {"PORT": str(port)},
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
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def end(process: subprocess.Popen[str]) -> str:
    """Ctrl-C, and what it had said until then."""
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=5)
    assert process.returncode == 0, said
    return said


def mint(said: str, folder: Path) -> dict[str, Any]:
    """Paste the printed call into another terminal, somewhere else."""
    call = said[said.index("curl ") : said.index(')"') + 2]
    done = subprocess.run(["bash", "-c", call], cwd=folder, env=KEPT, capture_output=True, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    assert "access_token" in answer, (answer, done.stderr)
    return answer


def read_until_call(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    while "What it is good for" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed call is one of curl")
def test_a_first_run_and_a_second(clone: Path, tmp_path: Path) -> None:
    port = free_port()
    with running(clone, port) as process:
        said = read_until_call(process)
        assert f"http://localhost:{port}/" in said
        assert "shown only this once" in said
        for _ in range(2):
            assert mint(said, tmp_path)["access_token"].startswith("bktx_")
        end(process)
    assert stat.S_IMODE((clone / "var").stat().st_mode) == 0o700

    other_port = free_port()
    with running(clone, other_port) as process:
        said = read_until_call(process)
        assert "shown only this once" not in said
        assert "changepassword ada@example.test" in said
        assert f"http://localhost:{other_port}/oauth/token" in said
        assert "access_token" in mint(said, tmp_path)
        end(process)

"""Child processes: started with a clean environment and a log file, waited for, stopped by their own id."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

#: Seconds a server may take to become ready, and to end.
READY_WITHIN = 30.0
END_WITHIN = 10.0


class DidNotWork(Exception):
    """A child process failed; the message holds the end of what it said."""


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return what every child needs and nothing else: a developer's settings must not leak into a run."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | dict(extra)


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run a command to its end and return its standard output."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise DidNotWork(f"{Path(command[0]).name} {' '.join(map(str, command[1:3]))}: {said[-1500:]}")
    return done.stdout


class Server:
    """A server process that leads a group of its own, so that its workers end with it."""

    def __init__(self, command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as sink:
            self.process = subprocess.Popen(command, cwd=cwd, env=env, stdout=sink, stderr=sink, start_new_session=True)
        self.pid = self.process.pid

    def wait_until_ready(self, port: int, path: str) -> None:
        """Ask ``path`` until it answers with anything below 500."""
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline and self.process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            with closing(connection), suppress(OSError):
                connection.request("GET", path)
                if connection.getresponse().status < 500:
                    return
            time.sleep(0.1)
        raise DidNotWork(f"no answer at {path}: {self.log.read_text(errors='replace').strip()[-1500:]}")

    def stop(self) -> None:
        """Ask it to end; after ten seconds end it and all its workers."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(END_WITHIN)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with suppress(ProcessLookupError):  # workers that outlived it; the group is ours alone
            os.killpg(self.pid, signal.SIGKILL)

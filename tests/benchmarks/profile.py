"""Where a request's time goes: py-spy on a server under load, added up by the part of the code that ran.

``python -m tests.benchmarks.profile counterfoil-postgres`` starts that system, drives it with eight
connections and samples its Python processes. With ``--pid N`` it samples a server that is loaded already.
A sample counts where a thread holds the interpreter lock: that is what the threads of a process share.
Waiting for a lock or a database, and signature checks, release it and do not show.
"""

import argparse
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.benchmarks.assertions import AssertionPool
from tests.benchmarks.contestants import NEEDS, make
from tests.benchmarks.places import ISSUER, WORK
from tests.benchmarks.processes import run
from tests.benchmarks.rounds import measure
from tests.benchmarks.system import CLIENT_ID

PY_SPY = "py-spy==0.4.3"

#: What a frame belongs to, by a piece of its file's path. A sample counts for its innermost frame that is
#: known here, so the time of the standard library goes to whoever called it.
PARTS = {
    "/psycopg": "PostgreSQL driver (psycopg)",
    "/sqlite3/": "SQLite",
    "/redis/": "Redis client",
    "/cryptography/": "cryptography",
    "/jwt/": "PyJWT",
    "/joserfc/": "joserfc",
    "/authlib/": "Authlib",
    "/rest_framework/": "Django REST framework",
    "/django/db/": "Django's database layer",
    "/django/": "Django, the rest",
    "/granian/": "HTTP server (granian)",
    "/gunicorn/": "HTTP server (gunicorn)",
    "/structlog/": "logging (structlog)",
    "/exchange_apps/": "exchange_apps",
    "/audit/": "audit",
    "/config/": "config",
}
OURS = ("exchange_apps", "audit", "config")


def py_spy() -> Path:
    """Return py-spy, installed on demand in a virtual environment below ``var/bench``."""
    folder = WORK / "py-spy"
    program = folder / "bin" / "py-spy"
    if not program.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        run([sys.executable, "-m", "venv", "--clear", folder], cwd=WORK)
        run([folder / "bin" / "pip", "install", "-q", PY_SPY], cwd=WORK)
    return program


def part_of(stack: list[str]) -> str:
    """Return the part that the innermost known frame of a stack belongs to; our own code by its modules."""
    for frame in reversed(stack):
        for piece, part in PARTS.items():
            if piece in frame:
                module = frame.rpartition(piece)[2].partition("/")[0].partition(".py")[0]
                return f"{part}/{module}" if part in OURS else part
    return "other"


def table(title: str, samples: Counter[str], rows: int) -> str:
    """Return the most frequent entries with their shares."""
    total = samples.total() or 1
    lines = [f"{100 * number / total:5.1f} %  {what}" for what, number in samples.most_common(rows)]
    return "\n".join([f"{title} ({total} samples)", *lines])


def summary(collapsed: str) -> str:
    """Add up what py-spy wrote, one stack and its count a line: by part, and by innermost function."""
    parts: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in collapsed.splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [frame for frame in stack.split(";") if not frame.startswith("process ")]
        if frames:
            function, _, place = frames[-1].partition(" (")
            parts[part_of(frames)] += int(count)
            functions["/".join(place.rpartition(":")[0].split("/")[-2:]) + f" {function}"] += int(count)
    return table("by part", parts, 20) + "\n\n" + table("by innermost function", functions, 25)


def sample(pid: int, seconds: int, *, after: float = 0.0) -> str:
    """Wait ``after`` seconds, sample a process and its children for ``seconds``, return the summary."""
    time.sleep(after)
    output = WORK / "profile.txt"
    output.unlink(missing_ok=True)
    kind = "--subprocesses --gil --nonblocking --full-filenames --format raw --rate 400"
    options = f"{kind} --duration {seconds} --pid {pid} --output {output}"
    run([py_spy(), "record", *options.split()], cwd=WORK)
    return summary(output.read_text())


def main() -> None:
    """Profile a system that is started for it, or one that runs already."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.profile", description=__doc__)
    parser.add_argument("system", nargs="?", default="counterfoil-sqlite", choices=list(NEEDS))
    parser.add_argument("--pid", type=int, help="a running server under load, instead of starting one")
    parser.add_argument("--seconds", type=int, default=6)
    options = parser.parse_args()
    if options.pid:
        print(sample(options.pid, options.seconds))
        return
    pool = AssertionPool(CLIENT_ID, ISSUER)
    system = make(options.system, pool, rate_limit=0)
    py_spy()
    try:
        system.start()
        measure(system, "RS256", 8, seconds=0.5, warm_up=system.warm_up)
        pool.ensure("RS256", 3000 * (options.seconds + 10))
        with ThreadPoolExecutor(1) as beside:  # attached under load: to idle threads py-spy attaches badly
            profile = beside.submit(sample, system.server.pid, options.seconds, after=1.0)
            print(measure(system, "RS256", 8, options.seconds + 3, warm_up=0.5))
            print(profile.result())
    finally:
        system.stop()
        pool.close()


if __name__ == "__main__":
    main()

"""The peer on Django: Authlib's authorization server under gunicorn, two workers of eight threads.

It does the same token exchange for the same subject, without rate limit and address list.
"""

import json
import secrets
import sys
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.databases import PostgresDatabase
from tests.benchmarks.places import ISSUER, WORK
from tests.ports import free_port
from tests.benchmarks.processes import Server, clean_environment, run
from tests.benchmarks.system import CLIENT_ID, EMAIL, ORGANIZATION, SCOPE, TOKEN_EXCHANGE, System

SOURCES = Path(__file__).parent / "authlib-django"
INSTALLED = WORK / "authlib-django"


def install() -> Path:
    """Make a virtual environment below ``var/bench`` unless it is there; return its ``bin`` folder."""
    wanted, done = (SOURCES / "requirements.txt").read_text(), INSTALLED / "installed.txt"
    if not done.exists() or done.read_text() != wanted:
        run([sys.executable, "-m", "venv", "--clear", INSTALLED], cwd=WORK)
        run([INSTALLED / "bin" / "pip", "install", "-q", "-r", SOURCES / "requirements.txt"], cwd=WORK)
        done.write_text(wanted)
    return INSTALLED / "bin"


class AuthlibDjango(System):
    """Token exchange with ``private_key_jwt``, replay check and audit row, in one transaction a request."""

    form: ClassVar = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": EMAIL,
        "subject_token_type": "urn:buildkite:params:oauth:token-type:user-email",
        "audience": ORGANIZATION,
        "scope": SCOPE,
    }
    count_mints = "SELECT count(*) FROM peer_audit WHERE type = 'ACCESS_TOKEN_MINTED'"

    def start(self) -> None:
        """Install on demand, create the database and its rows, serve."""
        programs = install()
        database = self.database = PostgresDatabase(self.name.replace("-", "_"))
        self.port = free_port()
        settings = {
            "issuer": ISSUER,
            "client_id": CLIENT_ID,
            "jwks": self.pool.jwks(),
            "email": EMAIL,
            "scope": SCOPE,
            "audience": ORGANIZATION,
            "database": database.parts(),
            "secret_key": secrets.token_urlsafe(50),
        }
        env = clean_environment({"PEER_CONFIG": json.dumps(settings), "AUTHLIB_INSECURE_TRANSPORT": "1"})
        run([programs / "python", "-m", "peer.setup"], cwd=SOURCES, env=env)
        options = (
            f"--worker-class gthread --workers 2 --threads 8 --keep-alive 60 --bind 127.0.0.1:{self.port}"
        )
        command = [str(programs / "gunicorn"), *options.split(), "peer.wsgi"]
        self.server = Server(command, cwd=SOURCES, env=env, log=WORK / f"{self.name}.log")
        self.server.wait_until_ready(self.port, "/token")

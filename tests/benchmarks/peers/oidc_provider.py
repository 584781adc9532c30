"""The peer on node: oidc-provider with ``private_key_jwt`` and ``client_credentials``, tokens in PostgreSQL.

It does less than the product: no subject, no rate limit, no address list; client and keys are configured.
"""

import json
import shutil
from pathlib import Path
from typing import ClassVar

from tests.benchmarks.assertions import AssertionPool
from tests.benchmarks.databases import PostgresDatabase
from tests.benchmarks.places import ISSUER, REDIS_URL, WORK
from tests.ports import free_port
from tests.benchmarks.processes import Server, clean_environment, run
from tests.benchmarks.system import CLIENT_ID, SCOPE, System

SOURCES = Path(__file__).parent / "oidc-provider"
INSTALLED = WORK / "oidc-provider"
#: Database connections of each worker process; 16 and 32 were no faster.
CONNECTIONS = 8


def install() -> None:
    """Copy the sources below ``var/bench`` and let npm install the exact versions, unless that is done."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    wanted = (SOURCES / "package.json").read_text()
    for source in SOURCES.glob("*.mjs"):
        shutil.copy(source, INSTALLED)
    done = INSTALLED / "installed.json"
    if not done.exists() or done.read_text() != wanted:
        (INSTALLED / "package.json").write_text(wanted)
        run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"], cwd=INSTALLED)
        done.write_text(wanted)


class OidcProvider(System):
    """One variant: where the replay check lives, and how many worker processes there are."""

    form: ClassVar = {"grant_type": "client_credentials", "scope": SCOPE}
    count_mints = "SELECT count(*) FROM audit WHERE type = 'ACCESS_TOKEN_MINTED'"
    warm_up = 5.0  # cold it shows up to 40 % less

    def __init__(self, name: str, pool: AssertionPool, *, replay: str, workers: int) -> None:
        super().__init__(name, pool)
        self.replay, self.workers = replay, workers
        self.uses_redis = replay == "redis"

    def start(self) -> None:
        """Install on demand, create the database, serve; the server creates its tables."""
        install()
        self.database = PostgresDatabase(self.name.replace("-", "_"))
        self.port = free_port()
        settings = {
            "issuer": ISSUER,
            "port": self.port,
            "clientId": CLIENT_ID,
            "jwks": self.pool.jwks(),
            "databaseUrl": self.database.url,
            "redisUrl": REDIS_URL,
            "redisPrefix": self.name,
            "replay": self.replay,
            "workers": self.workers,
            "connections": CONNECTIONS,
        }
        command: list[str | Path] = [
            INSTALLED / "node_modules" / ".bin" / "node",
            "server.mjs",
            json.dumps(settings),
        ]
        env = clean_environment({"NODE_ENV": "production"})
        self.server = Server(command, cwd=INSTALLED, env=env, log=WORK / f"{self.name}.log")
        self.server.wait_until_ready(self.port, "/.well-known/openid-configuration")

"""Counterfoil as its users run it: ``migrate``, ``apply``, ``serve`` with two workers of eight threads."""

import json
import secrets
import sys
from pathlib import Path
from typing import ClassVar

from cryptography.fernet import Fernet

from tests.benchmarks.assertions import LIFETIME, AssertionPool
from tests.benchmarks.databases import PostgresDatabase, SqliteDatabase
from tests.benchmarks.places import ISSUER, REDIS_URL, REPOSITORY, fresh_folder
from tests.benchmarks.processes import Server, clean_environment, run
from tests.benchmarks.system import CLIENT_ID, EMAIL, ORGANIZATION, SCOPE, TOKEN_EXCHANGE, System
from tests.ports import free_port

MANAGE = REPOSITORY / "manage.py"
COUNT_MINTS = "SELECT count(*) FROM audit_auditevent WHERE type = 'ACCESS_TOKEN_MINTED'"


def configuration(pool: AssertionPool, rate_limit: int) -> dict[str, object]:
    """Return the file for ``apply``: one organization, one member, one app."""
    member = {"email": EMAIL, "name": "Ada", "role": "owner", "email_verified": True, "active": True}
    app = {
        "name": "bench",
        "client_id": CLIENT_ID,
        "jwks": pool.jwks(),
        "grantable_scopes": [SCOPE],
        "default_scopes": [SCOPE],
        "max_assertion_lifetime": LIFETIME,
    }
    organization = {
        "slug": ORGANIZATION,
        "name": "Acme Inc",
        "exchange_rate_limit": rate_limit,
        "members": [member],
        "token_exchange_apps": [app],
    }
    return {"version": 1, "organizations": [organization]}


class Counterfoil(System):
    """The product on one database, with Redis beside it or without."""

    path = "/oauth/token"
    form: ClassVar = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": EMAIL,
        "subject_token_type": "urn:buildkite:params:oauth:token-type:user-email",
        "audience": ORGANIZATION,
        "scope": SCOPE,
    }
    count_mints = COUNT_MINTS

    def __init__(self, name: str, pool: AssertionPool, *, postgres: bool, redis: bool, rate_limit: int) -> None:
        super().__init__(name, pool)
        self.postgres, self.uses_redis, self.rate_limit = postgres, redis, rate_limit

    def environment(self) -> dict[str, str]:
        """Return the settings, with secrets made for this run."""
        settings = {
            "DATABASE_URL": self.database.url,
            "PUBLIC_URL": ISSUER,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        }
        return clean_environment(settings | ({"REDIS_URL": REDIS_URL} if self.uses_redis else {}))

    def start(self) -> None:
        """Create the database, apply the configuration, serve."""
        folder = fresh_folder(self.name)
        self.database = (
            PostgresDatabase("redis" if self.uses_redis else "")
            if self.postgres
            else SqliteDatabase(folder / "bench.sqlite3")
        )
        env, file = self.environment(), folder / "counterfoil.json"
        file.write_text(json.dumps(configuration(self.pool, self.rate_limit)))
        self._manage(env, "migrate", "--verbosity", "0")
        self._manage(env, "apply", file, "--json")
        self.port = free_port()
        options = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "2", "--threads", "8"]
        command: list[str | Path] = [sys.executable, MANAGE, "serve", *options]
        self.server = Server(command, cwd=REPOSITORY, env=env, log=folder / "server.log")
        self.server.wait_until_ready(self.port, "/readyz")

    @staticmethod
    def _manage(env: dict[str, str], *arguments: str | Path) -> None:
        run([sys.executable, MANAGE, *arguments], cwd=REPOSITORY, env=env)

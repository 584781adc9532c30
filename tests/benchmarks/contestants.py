"""Who takes part in a run, and who cannot and why."""

import shutil
from collections.abc import Sequence

from tests.benchmarks.assertions import AssertionPool
from tests.benchmarks.counterfoil import MANAGE, Counterfoil
from tests.benchmarks.peers.authlib_django import AuthlibDjango
from tests.benchmarks.peers.oidc_provider import OidcProvider
from tests.benchmarks.places import POSTGRES_URL, REDIS_URL, is_listening
from tests.benchmarks.system import System

#: Name and what it needs beyond Python. The last peer runs only when asked for by name.
NEEDS = {
    "counterfoil-sqlite": (),
    "counterfoil-postgres": ("PostgreSQL",),
    "counterfoil-postgres-redis": ("PostgreSQL", "Redis"),
    "oidc-provider-1w": ("PostgreSQL", "npm"),
    "oidc-provider-redis-1w": ("PostgreSQL", "Redis", "npm"),
    "oidc-provider-redis-2w": ("PostgreSQL", "Redis", "npm"),
    "authlib-django": ("PostgreSQL",),
    "oidc-provider-one-statement-1w": ("PostgreSQL", "npm"),
    "oidc-provider-one-statement-2w": ("PostgreSQL", "npm"),
}
ON_REQUEST = {name for name in NEEDS if "one-statement" in name}


def present() -> dict[str, bool]:
    """Look for what systems may need."""
    return {
        "PostgreSQL": is_listening(POSTGRES_URL),
        "Redis": is_listening(REDIS_URL),
        "npm": shutil.which("npm") is not None,
    }


def make(name: str, pool: AssertionPool, rate_limit: int) -> System:
    """Return the system of that name, not started yet."""
    if name.startswith("counterfoil"):
        postgres, redis = "postgres" in name, "redis" in name
        return Counterfoil(name, pool, postgres=postgres, redis=redis, rate_limit=rate_limit)
    if name == "authlib-django":
        return AuthlibDjango(name, pool)
    replay = "redis" if "redis" in name else "statement" if "one-statement" in name else "postgres"
    return OidcProvider(name, pool, replay=replay, workers=int(name[-2]))


def choose(only: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the names that can take part, and a line for each that cannot."""
    there, names, left_out = present(), [], []
    for name, needs in NEEDS.items():
        if not any(name.startswith(wish) for wish in only) if only else name in ON_REQUEST:
            continue
        missing = [need for need in needs if not there[need]]
        if name.startswith("counterfoil") and not MANAGE.exists():
            missing.append("manage.py")
        if missing:
            left_out.append(f"{name} ({', '.join(missing)} not reachable)")
        else:
            names.append(name)
    return names, left_out

"""Typed reads of the environment. Each either returns a good value or names the variable that is not.

The `.env` file beside `manage.py` is read first; what the environment says wins over it.
"""

import ipaddress
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class SettingsError(Exception):
    """A setting cannot be used: one line with its name, the problem and an example."""

    def __init__(self, name: str, problem: str, example: str) -> None:
        super().__init__(f"{name} {problem} (example: {name}={example})")


def read_env_file() -> None:
    """Load `.env` when there is one. `COUNTERFOIL_ENV_FILE=` (empty) turns that off."""
    path = os.environ.get("COUNTERFOIL_ENV_FILE", str(BASE_DIR / ".env"))
    if path and Path(path).is_file():
        environ.Env.read_env(path)


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def whole_number(name: str, default: int, *, least: int = 0, most: int = 10**9) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise SettingsError(name, f"is not a whole number from {least} to {most}", str(default))
    return int(value)


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in among:
        raise SettingsError(name, f"is not one of {', '.join(among)}", among[0])
    return value


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    return [word for word in (part.strip() for part in text(name).split(",")) if word] or list(default)


def networks(name: str) -> tuple[Network, ...]:
    found = []
    for word in words(name):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError as error:
            raise SettingsError(name, f"holds an entry that is no network: {error}", "10.0.0.0/8") from error
    return tuple(found)


def public_url(name: str = "PUBLIC_URL") -> str:
    """The external base address, without a trailing slash. Plain http only for loopback hosts."""
    value = text(name, f"http://localhost:{whole_number('PORT', 8000, least=1, most=65535)}")
    example = "https://tokens.example.com"
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(name, "is not an http or https address", example)
    if value.endswith("/") or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(name, "must not end in a slash or carry a query, fragment or user", example)
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise SettingsError(name, "must be https unless its host is loopback", example)
    return value


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def fernet_keys(name: str, values: list[str]) -> list[str]:
    for value in values:
        try:
            Fernet(value)
        except ValueError as error:
            raise SettingsError(name, "holds something that is no Fernet key", "<32 bytes, base64url>") from error
    return values


def generated(name: str, generate: Callable[[], str], *, embedded: bool) -> str:
    """The variable, or on embedded settings a value generated once and kept under `var/` (mode 0600)."""
    if value := text(name):
        return value
    if not embedded:
        raise SettingsError(name, "is required when DATABASE_URL is not SQLite", f"<{name.lower()}>")
    VAR_DIR.mkdir(mode=0o700, exist_ok=True)
    path = VAR_DIR / name.lower()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(value := generate())
    return value


def database(name: str = "DATABASE_URL") -> dict[str, object]:
    """Django's database settings, tuned for what the product promises of each engine."""
    url = text(name, f"sqlite:///{VAR_DIR / 'counterfoil.sqlite3'}")
    try:
        config: dict[str, object] = dict(environ.Env.db_url_config(url))
    except (ValueError, KeyError) as error:
        raise SettingsError(name, "is not a database address", "postgres://user@host:5432/name") from error
    engine = config.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)
        config["OPTIONS"] = {
            # Writers queue at BEGIN instead of failing half way; FULL so that an answered mint survives power loss.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY",
        }
    elif engine == "django.db.backends.postgresql":
        # The mint statement is prepared on the server; ORM queries stay as Django binds them.
        options = {"prepare_threshold": 5, "connect_timeout": 5}
        given = config.get("OPTIONS")
        config["OPTIONS"] = options | (dict(given) if isinstance(given, dict) else {})
    else:
        raise SettingsError(name, "is neither SQLite nor PostgreSQL", "postgres://user@host:5432/name")
    config["CONN_MAX_AGE"] = None
    return config

"""Typed reads of the environment. Each either returns a good value or names the variable that is not.

The `.env` file beside `manage.py` is read first; what the environment says wins over it.
"""

import ipaddress
import os
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

_GENERATE = {
    "SECRET_KEY": "$(openssl rand -base64 48)",
    "ENCRYPTION_KEYS": "$(openssl rand -base64 32 | tr +/ -_)",
}
"""How a shell makes them."""

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


def stream(name: str) -> str:
    """`stdout`, the absolute path of a file in a folder that is there, or empty."""
    value = text(name)
    if value not in ("", "stdout") and not (value.startswith("/") and Path(value).parent.is_dir()):
        raise SettingsError(
            name, "is neither stdout nor a file in an existing folder", "/var/log/counterfoil/audit.ndjson"
        )
    return value


def days(name: str, *, least: int) -> int | None:
    """A number of days; None where the variable is empty."""
    return whole_number(name, least, least=least, most=36_500) if text(name) else None


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in among:
        raise SettingsError(name, f"is not one of {', '.join(among)}", among[0])
    return value


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    return [word for word in (part.strip() for part in text(name).split(",")) if word] or list(default)


def matching(name: str, default: str, pattern: str, problem: str) -> str:
    value = text(name, default)
    if not re.fullmatch(pattern, value):
        raise SettingsError(name, problem, default)
    return value


def address(name: str, default: str = "", *, schemes: tuple[str, ...], example: str) -> str:
    """The address of a server, or empty. It may hold a password, so no message repeats it."""
    value = text(name, default)
    if value and value.partition("://")[0] not in schemes:
        raise SettingsError(name, f"does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}", example)
    return value


def all_or_none(*names: str, needed_by: str) -> None:
    """What `needed_by` cannot do without is there, and nothing of it without that."""
    for name in names:
        if text(needed_by) and not text(name):
            raise SettingsError(name, f"is required with {needed_by}", "what-the-provider-gave-you")
        if text(name) and not text(needed_by):
            raise SettingsError(needed_by, f"is required with {name}", "https://login.example.com")


def networks(name: str) -> tuple[Network, ...]:
    found = []
    for word in words(name):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError as error:
            raise SettingsError(name, f"holds an entry that is no network: {error}", "10.0.0.0/8") from error
    return tuple(found)


def public_url(name: str = "PUBLIC_URL", *, default: str) -> str:
    """The external base address, without a trailing slash. Plain http only for loopback hosts."""
    value = text(name, default)
    example = "https://tokens.example.com"
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, half an IPv6 address
        sound = False
    if not sound:
        raise SettingsError(name, "is not an http or https address", example)
    if value.endswith("/") or parts.query or parts.fragment or parts.username is not None:
        raise SettingsError(name, "must not end in a slash or carry a query, fragment or user", example)
    if parts.scheme == "http" and not is_loopback(str(parts.hostname)):
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
            raise SettingsError(name, "holds something that is no Fernet key", _GENERATE[name]) from error
    return values


def generated(name: str, generate: Callable[[], str], *, embedded: bool) -> str:
    """The variable, or on embedded settings a value generated once and kept under `var/` (mode 0600)."""
    if value := text(name):
        return value
    if not embedded:
        raise SettingsError(name, "is required when DATABASE_URL is not SQLite", _GENERATE[name])
    path = _var_dir(name) / name.lower()
    if not path.exists():
        # Written elsewhere first: whoever starts at the same moment sees the whole value or none
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(generate())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def _var_dir(needed_by: str) -> Path:
    """Where the embedded database and generated secrets live, made when it is not there. Raises SettingsError."""
    try:
        VAR_DIR.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        problem = f"is not set, and its default in {VAR_DIR} cannot be made ({error.strerror})"
        raise SettingsError(needed_by, problem, "/a/folder/that/can/be/written") from error
    return VAR_DIR


def email(name: str) -> dict[str, object]:
    """Django's e-mail settings: the console, or the server that the address names. It may hold a password."""
    try:
        with warnings.catch_warnings(action="ignore"):  # it would show the address, and with it a password
            return {**environ.Env.email_url_config(text(name, "consolemail://")), "EMAIL_TIMEOUT": 10}
    except (ImproperlyConfigured, ValueError, KeyError) as error:
        raise SettingsError(
            name, "is no address of a mail server", "smtp+tls://user:password@mail.example.com:587"
        ) from error


def database(name: str = "DATABASE_URL") -> dict[str, object]:
    """Django's database settings, tuned for what the product promises of each engine."""
    url = text(name, f"sqlite:///{VAR_DIR / 'counterfoil.sqlite3'}")
    try:
        with warnings.catch_warnings(action="ignore"):  # it would show the address, and with it a password
            config: dict[str, object] = dict(environ.Env.db_url_config(url))
    except (ValueError, KeyError) as error:
        raise SettingsError(name, "is not a database address", "postgres://user@host:5432/name") from error
    engine = config.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        if not text(name):
            _var_dir(name)
        config["OPTIONS"] = {
            # Writers queue at BEGIN instead of failing half way; FULL so that an answered mint survives power loss.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY",
        }
    elif engine == "django.db.backends.postgresql":
        # The mint statement is prepared on the server; ORM queries stay as Django binds them.
        options: dict[str, object] = {"prepare_threshold": 5, "connect_timeout": 5}
        given = config.get("OPTIONS")
        options |= dict(given) if isinstance(given, dict) else {}
        if options["prepare_threshold"] == "off":  # for a pooler that hands each transaction another connection
            options["prepare_threshold"] = None
        config["OPTIONS"] = options
    else:
        raise SettingsError(name, "is neither SQLite nor PostgreSQL", "postgres://user@host:5432/name")
    config["CONN_MAX_AGE"] = None
    return config


def broker(name: str, default: str, database: dict[str, object]) -> tuple[str, Path | None]:
    """Celery's broker, and the folder of its messages when that is all there is to it: beside the SQLite file.

    A folder of another place is `filesystem://` with its absolute path.
    """
    value = text(name, default) or "filesystem://"
    scheme, _, rest = value.partition("://")
    if scheme not in ("redis", "rediss", "unix", "amqp", "amqps", "filesystem") or (
        scheme == "filesystem" and rest and not rest.startswith("/")
    ):
        raise SettingsError(name, "is no address of Redis or RabbitMQ", "amqp://user@host:5672//")
    if scheme != "filesystem":
        return value.replace("unix://", "redis+socket://", 1) if scheme == "unix" else value, None
    file = str(database["NAME"]) if str(database["ENGINE"]).endswith("sqlite3") else ""
    beside = Path(file).parent if file.startswith("/") else VAR_DIR
    folder = Path(rest) if rest else beside / "queue"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return "filesystem://", folder

"""Settings: every wrong value stops the start with one line that names the variable, the problem and an example."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any

import pytest

from config import env
from config.env import SettingsError
from tests.installation import Installation

REPOSITORY = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("read", "name", "value", "problem"),
    [
        ("public_url", "PUBLIC_URL", "tokens.example.com", "is not an http or https address"),
        ("public_url", "PUBLIC_URL", "ftp://tokens.example.com", "is not an http or https address"),
        ("public_url", "PUBLIC_URL", "https://tokens.example.com:x", "is not an http or https address"),
        ("public_url", "PUBLIC_URL", "https://[::1", "is not an http or https address"),
        ("public_url", "PUBLIC_URL", "https://tokens.example.com/", "must not end in a slash"),
        ("public_url", "PUBLIC_URL", "https://u@tokens.example.com", "must not end in a slash or carry a query"),
        ("public_url", "PUBLIC_URL", "http://tokens.example.com", "must be https unless its host is loopback"),
        ("database", "DATABASE_URL", "mysql://u:hunter2@db/x", "is neither SQLite nor PostgreSQL"),
        ("database", "DATABASE_URL", "postgres://u:hunter2@db:x/x", "is not a database address"),
        ("database", "DATABASE_URL", "nonsense", "is neither SQLite nor PostgreSQL"),
        ("networks", "TRUSTED_PROXIES", "10.0.0.0/8, 10.0.0.1/8", "holds an entry that is no network"),
    ],
)
def test_a_wrong_value_is_named_with_its_problem_and_an_example(
    monkeypatch: pytest.MonkeyPatch, read: str, name: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(name, value)
    arguments: dict[str, Any] = {"default": "http://localhost:8000"} if read == "public_url" else {}
    with pytest.raises(SettingsError) as refused:
        getattr(env, read)(name, **arguments)
    line = str(refused.value)
    assert line.startswith(f"{name} {problem}")
    assert re.search(rf"\(example: {name}=\S+\)$", line)
    assert "hunter2" not in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "value",
    [
        "http://localhost:8000",
        "http://127.0.0.1",
        "http://[::1]:9000",
        "http://app.localhost",
        "https://x.example:8443/p",
    ],
)
def test_good_public_addresses(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PUBLIC_URL", value)
    assert env.public_url(default="") == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "80 80"),
        ("PORT", "65536"),
        ("EXCHANGE_FAILURE_LIMIT", "-1"),
        ("LOG_FORMAT", "xml"),
        ("TOKEN_PREFIX", "a b"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("ENCRYPTION_KEYS", "short"),
        ("PUBLIC_URL", "http://tokens.example.com"),
        ("DATABASE_URL", "mysql://x/y"),
        ("TRUSTED_PROXIES", "everybody"),
        ("OUTBOUND_ALLOWED_NETWORKS", "10.0.0.0/33"),
    ],
)
@pytest.mark.servers
def test_the_start_ends_with_one_line(tmp_path: Path, name: str, value: str) -> None:
    done = Installation(tmp_path, {name: value}).manage("check")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(rf"counterfoil: {name} .+ \(example: {name}=.+\)\n", done.stderr), done.stderr


@pytest.mark.servers
@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_secrets_are_required_with_a_real_database(tmp_path: Path, name: str) -> None:
    done = Installation(tmp_path, {"DATABASE_URL": "postgres://db/x", name: ""}).manage("check")
    assert done.stderr.startswith(f"counterfoil: {name} is required when DATABASE_URL is not SQLite")


def test_generated_secrets_are_kept_and_private(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "VAR_DIR", tmp_path / "var")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    first = env.generated("SECRET_KEY", lambda: "first", embedded=True)
    second = env.generated("SECRET_KEY", lambda: "second", embedded=True)
    assert (first, second) == ("first", "first")
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(env, "VAR_DIR", tmp_path / "file" / "var")
    monkeypatch.delenv("SECRET_KEY", raising=False)
    with pytest.raises(SettingsError, match=r"SECRET_KEY is not set, and its default in .* cannot be made"):
        env.generated("SECRET_KEY", lambda: "x", embedded=True)


@pytest.mark.servers
def test_an_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("PORT=1\nPUBLIC_URL=https://from-the-file.example\n")
    more = {"COUNTERFOIL_ENV_FILE": str(tmp_path / "env"), "PORT": "9000"}
    code = "from django.conf import settings; print(settings.PORT, settings.PUBLIC_URL)"
    done = Installation(tmp_path, more).manage("shell", "--verbosity", "0", "--command", code)
    assert done.stdout.split() == ["9000", "https://from-the-file.example"], done.stderr


def test_the_example_file_lists_exactly_the_variables_that_are_read() -> None:
    settings = (REPOSITORY / "config" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', settings)) | {"PUBLIC_URL", "DATABASE_URL"}
    listed = re.findall(r"^#?([A-Z_]+)=", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(read)

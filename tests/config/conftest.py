"""An installation with an empty, migrated database, copied for each test that changes it; and commands in this
process, for what does not need one of their own: starting one takes longer than most commands do."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from django.core.management import ManagementUtility

from tests.installation import Installation

Manage = Callable[..., CompletedProcess[str]]


@pytest.fixture
def manage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Manage:
    """`manage("apply", "-", stdin="…")`: a command from its arguments to its exit code, in the test's folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str = "") -> CompletedProcess[str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        called, code = ["manage.py", *arguments], 0
        try:
            ManagementUtility(called).fetch_command(arguments[0]).run_from_argv(called)
        except SystemExit as end:
            code = int(end.code or 0)
        return CompletedProcess(called, code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("migrated")
    done = Installation(folder).manage("migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def installation(migrated: Path, tmp_path: Path) -> Installation:
    shutil.copytree(migrated, tmp_path, dirs_exist_ok=True)
    return Installation(tmp_path)

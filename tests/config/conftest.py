"""An installation with an empty, migrated database, copied for each test that changes it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.installation import Installation


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

"""curl and openssl alone, as docs/clients.md shows it: the page's own script is what runs."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Deployment, assert_minted

PAGE = Path(__file__).resolve().parents[2] / "docs" / "clients.md"
missing = [tool for tool in ("bash", "curl", "openssl") if shutil.which(tool) is None]


@pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")
def test_the_shell_script_of_the_page_mints(deployment: Deployment) -> None:
    found = re.search(r"<!-- runs: curl -->\n```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", found[1]],
        env={
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "URL": deployment.url,
            "CLIENT_ID": deployment.client_id,
            "KEY": str(deployment.key_file),
            "KID": "deploy-1",
            "ORGANIZATION": "acme",
            "EMAIL": "bob@acme.test",
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert_minted(json.loads(done.stdout)["access_token"])

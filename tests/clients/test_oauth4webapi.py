"""oauth4webapi on Node, from discovery to a token: the page's own script is what runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Deployment, assert_minted

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "clients.md"
INSTALLED = ROOT / "var" / "clients" / "node_modules"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (INSTALLED / "oauth4webapi").is_dir(),
    reason="needs node, and `make clients` to have installed oauth4webapi",
)


def run_page_script(deployment: Deployment, email: str) -> subprocess.CompletedProcess[str]:
    found = re.search(r"<!-- runs: oauth4webapi -->\n```js\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    script = INSTALLED.parent / f"{os.getpid()}.mjs"
    script.write_text(found[1])
    try:
        return subprocess.run(
            ["node", str(script)],
            env={
                "PATH": os.environ["PATH"],
                "URL": deployment.url,
                "CLIENT_ID": deployment.client_id,
                "KEY": str(deployment.key_file),
                "KID": "deploy-1",
                "ORGANIZATION": "acme",
                "EMAIL": email,
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        script.unlink()


def test_oauth4webapi_discovers_signs_and_exchanges(deployment: Deployment) -> None:
    done = run_page_script(deployment, "bob@acme.test")
    assert done.returncode == 0, done.stderr
    assert_minted(json.loads(done.stdout)["access_token"])


def test_oauth4webapi_reports_a_refusal_with_our_code(deployment: Deployment) -> None:
    done = run_page_script(deployment, "stranger@acme.test")
    assert done.returncode == 1
    assert "invalid_request" in done.stderr

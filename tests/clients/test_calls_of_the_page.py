"""The calls that an app's page shows, taken from the page and run as they stand against the server that showed them."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.test import Client

from exchange_apps.models import ExchangeApplication, User
from tests.clients.conftest import Deployment, assert_minted
from tests.exchange_apps.admin.portal import page_of
from tests.keys import jwks, private_key

INSTALLED = Path(__file__).resolve().parents[2] / "var" / "clients" / "node_modules"


@pytest.fixture(params=["RS256", "ES256"])
def algorithm(request: pytest.FixtureRequest, deployment: Deployment) -> str:
    algorithm: str = request.param
    key = private_key("deploy-1", algorithm).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    deployment.key_file.write_bytes(key)
    ExchangeApplication.objects.update(jwks=jwks("deploy-1", algorithm=algorithm))
    return algorithm


def call_on_the_page(language: str) -> str:
    """What the copy button of a language copies, for Bob looking at his app as an owner."""
    app, bob = ExchangeApplication.objects.get(), User.objects.get(email="bob@acme.test")
    bob.memberships.update(role="owner")
    client = Client()
    client.force_login(bob)
    page = client.get(page_of(app)).content.decode()
    panel = page.split(f'id="call-{language}"')[1].split("</section>")[0]
    found = re.search(r'data-copy="([^"]*)"', panel)
    assert found
    return html.unescape(found[1])


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["access_token"])


@pytest.mark.usefixtures("algorithm")
@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "openssl"))), reason="needs bash, curl and openssl")
def test_the_call_for_curl_and_openssl_mints(deployment: Deployment) -> None:
    folder = deployment.key_file.parent
    assert_minted(run("bash", "-c", call_on_the_page("curl"), folder=folder))


@pytest.mark.usefixtures("algorithm")
def test_the_call_for_python_mints(deployment: Deployment) -> None:
    folder = deployment.key_file.parent
    assert_minted(run(sys.executable, "-c", call_on_the_page("python"), folder=folder))


@pytest.mark.usefixtures("algorithm")
@pytest.mark.skipif(
    shutil.which("node") is None or not (INSTALLED / "jose").is_dir(),
    reason="needs node, and `make clients` to have installed jose",
)
def test_the_call_for_node_mints(deployment: Deployment) -> None:
    folder = deployment.key_file.parent
    (folder / "node_modules").symlink_to(INSTALLED)
    (folder / "exchange.mjs").write_text(call_on_the_page("node"))
    assert_minted(run("node", "exchange.mjs", folder=folder))


@pytest.mark.usefixtures("algorithm")
@pytest.mark.skipif(shutil.which("go") is None, reason="needs go")
def test_the_call_for_go_mints(deployment: Deployment) -> None:
    folder = deployment.key_file.parent
    (folder / "main.go").write_text(call_on_the_page("go"))
    assert_minted(run("go", "run", "main.go", folder=folder))


NASTY = 'it\'s "quoted" $HOME `id` \\ {{ x }} </script> é 😀'


@pytest.mark.parametrize("language", ["curl", "python"])
def test_a_key_id_of_any_characters_is_only_a_key_id(deployment: Deployment, language: str) -> None:
    """Bob's page is made of what others typed: nothing of it may act in the shell of whoever copies it."""
    keys = jwks("deploy-1")
    keys["keys"][0]["kid"] = NASTY
    ExchangeApplication.objects.update(jwks=keys)
    text = call_on_the_page(language)
    program = ["bash", "-c"] if language == "curl" else [sys.executable, "-c"]
    assert run(*program, text, folder=deployment.key_file.parent).startswith("bktx_")

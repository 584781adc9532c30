"""The API's description: the schema, its pages, and docs/api.md say what the code does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client

from exchange_apps.models import ExchangeApplication, MintedToken, Scope, User
from tests.conftest import running_server
from tests.exchange_apps.api.conftest import Mint
from tests.exchange_apps.api.routes import routes
from tests.test_docs import DOCS, table

PAGE = (DOCS / "api.md").read_text()


def test_the_schema_names_what_exists_and_nothing_else(client: Client, db: None) -> None:
    schema = client.get("/api/schema", HTTP_ACCEPT="application/vnd.oai.openapi+json").json()
    described = {(method.upper(), path) for path, methods in schema["paths"].items() for method in methods}
    assert described == set(routes())


def test_the_schema_is_valid_and_leaves_nothing_to_guess(tmp_path: Path) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yml"))


def test_the_page_lists_every_address_with_its_scope(db: None) -> None:
    in_code = {f"{method} {address}": f"`{scope}`" for (method, address), scope in routes().items()}
    assert table("api.md", "routes") == in_code
    assert set(routes().values()) <= set(Scope.objects.values_list("name", flat=True))


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl here")
def test_the_examples_of_the_page_run(
    shared_database: str, olga: User, bearer: Mint, deploy_bot: ExchangeApplication
) -> None:
    token = bearer(olga)
    examples = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    assert len(examples) == 3
    with running_server(shared_database, workers=1) as url:
        known = os.environ | {"URL": url, "TOKEN": token, "ORG": "acme", "APP": str(deploy_bot.pk)}
        for example in examples:
            ran = subprocess.run(["bash", "-euo", "pipefail", "-c", example], env=known, capture_output=True, text=True)
            assert ran.returncode == 0, (example, ran.stdout, ran.stderr)
            answer = json.loads(ran.stdout)
            assert "message" not in answer, (example, answer)
    deploy_bot.refresh_from_db()
    assert deploy_bot.max_token_ttl == 900
    assert not MintedToken.objects.live(olga.date_joined).filter(user=olga).exists()


def test_the_pages_of_the_api_have_nothing_the_content_policy_forbids(client: Client, db: None) -> None:
    page = client.get("/api/docs")
    assert "default-src 'self'" in page["Content-Security-Policy"]
    for forbidden in ("style=", "<style", "onclick=", "http:", "https:"):
        assert forbidden not in page.content.decode()
    assert page.content.decode().count("<script") == page.content.decode().count("<script src=")


def test_the_images_of_the_stylesheet_are_files_that_browsers_keep(client: Client, db: None) -> None:
    (address,) = re.findall(r'href="(/api/docs/[^"]+)"', client.get("/api/docs").content.decode())
    styles = client.get(address)
    images = set(re.findall(r"url\(([^)]*)\)", styles.content.decode()))
    assert len(images) > 5
    for image in images:
        answer = client.get("/api/docs/" + image.strip('"'))
        assert (answer.status_code, answer["Content-Type"].split("/")[0]) == (200, "image")
    assert styles["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(address, HTTP_IF_NONE_MATCH=styles["ETag"]).status_code == 304
    assert client.get("/api/docs/swagger-ui.css").status_code == 404

"""The two minutes in which somebody who never read an RFC sets up an app, and sees at once why a call fails."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page, expect

from audit.models import AuditEvent
from exchange_apps.models import Organization, Role, User
from tests import factories
from tests.browser.conftest import OpenWindow
from tests.browser.window import Window
from tests.exchange_apps.admin.portal import APPS, LOG, TOKENS
from tests.keys import jwks, private_key

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(shared_database: str, acme: Organization) -> User:
    user = factories.make_member(acme, "ada@acme.test", Role.OWNER, name="Ada")
    user.password = make_password(PASSWORD, hasher="argon2")  # the server's own; that of the tests is quicker
    user.save()
    return user


def test_from_signing_in_to_a_mended_refusal(open_window: OpenWindow, ada: User, tmp_path: Path) -> None:
    window = open_window(None)
    page = sign_in(window)
    create_app(page)
    window.check()
    script = copied_call(page)
    write_beside(tmp_path, script)

    minted = run(tmp_path)
    assert minted["access_token"].startswith("bktx_")
    assert minted["scope"] == "read_builds"
    see_the_mint(window, minted["access_token"])

    take_the_scope_away(window)
    refused = run(tmp_path)
    assert refused["error"] == "invalid_scope"
    page = read_why(window, refused["error_uri"])
    page.get_by_role("link", name="Edit the app’s scopes").click()
    page.wait_for_url(re.compile(r".*#scopes$"))
    expect(page.get_by_role("tab", name="Scopes")).to_have_attribute("aria-selected", "true")
    window.check()
    page.get_by_label("Grant read_builds by default").check()
    page.click("button[name=_save]")
    expect(page.locator(".message-success")).to_be_visible()

    assert run(tmp_path)["access_token"].startswith("bktx_")
    kinds = list(AuditEvent.objects.filter(type__contains="TOKEN").order_by("id").values_list("type", flat=True))
    assert [kind for kind in kinds if "_APP_" not in kind] == [
        "ACCESS_TOKEN_MINTED",
        "TOKEN_EXCHANGE_DENIED",
        "ACCESS_TOKEN_MINTED",
    ]


def sign_in(window: Window) -> Page:
    page = window.go("/")
    page.get_by_label("E-mail").fill("ada@acme.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/o/acme/")
    window.check()
    return page


def create_app(page: Page) -> None:
    page.get_by_role("link", name="New app").first.click()
    page.get_by_label("Name", exact=True).fill("nightly report")
    page.fill("#id_jwks", json.dumps(jwks("report-1", algorithm="ES256")))
    expect(page.locator("#keys-preview")).to_contain_text("report-1")
    page.get_by_label("Grant read_builds by default").check()
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator("#connect")).to_be_visible()


def copied_call(page: Page) -> str:
    """What the button puts on the clipboard, not what the page says."""
    page.locator("#call-curl").get_by_role("button").click()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def write_beside(folder: Path, script: str) -> None:
    (folder / "call.sh").write_text(script)
    key = private_key("report-1", "ES256")
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "private_key.pem").write_bytes(pem)


def run(folder: Path) -> dict[str, Any]:
    """The script as somebody runs it; the answer, good or bad."""
    done = subprocess.run(["bash", "call.sh"], cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def see_the_mint(window: Window, token: str) -> None:
    page = window.go("/o/acme/")
    expect(page.locator(".figure", has_text="Live tokens")).to_contain_text("1")
    window.check()
    page = window.go(LOG)
    expect(page.locator("main")).to_contain_text("nightly report minted")
    page = window.go(TOKENS)
    expect(page.locator("main table")).to_contain_text(token[-4:])
    assert token not in page.content()


def take_the_scope_away(window: Window) -> None:
    page = window.go(APPS)
    page.get_by_role("link", name="nightly report").click()
    page.get_by_role("tab", name="Scopes").click()
    page.get_by_label("May grant read_builds").uncheck()
    page.get_by_label("Grant read_pipelines by default").check()
    page.click("button[name=_save]")
    expect(page.locator(".message-success")).to_be_visible()


def read_why(window: Window, error_uri: str) -> Page:
    page = window.go(error_uri.removeprefix(window.address))
    expect(page.locator(".receipt .row-bad")).to_contain_text("Scopes (scope)")
    expect(page.locator(".receipt .row-bad")).to_contain_text("read_builds")
    window.check()
    return page

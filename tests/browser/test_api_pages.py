"""The pages of the REST API: reached from the user menu, drawn whole, and nothing the content policy forbids.

Swagger UI is not ours: what axe finds inside it is not looked at. The console, the requests and the width are.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from exchange_apps.models import User
from tests.browser.conftest import OpenWindow
from tests.browser.window import DESKTOP, PHONE, Theme
from tests.exchange_apps.api.routes import routes


@pytest.mark.parametrize(("theme", "width"), [("light", DESKTOP), ("dark", PHONE)])
def test_the_user_menu_leads_to_the_pages_of_the_api(
    open_window: OpenWindow, olga: User, theme: Theme, width: int
) -> None:
    window = open_window(olga, theme=theme, width=width)
    page = window.go("/o/acme/")
    if width == PHONE:
        page.get_by_role("button", name="Menu").click()
    page.locator(".user-menu > summary").click()
    page.get_by_role("link", name="REST API").click()
    page.locator(".opblock").first.wait_for()
    expect(page.locator(".opblock")).to_have_count(len(routes()))
    tags = page.locator(".opblock-tag").evaluate_all("tags => tags.map((tag) => tag.dataset.tag)")
    assert {"Audit events", "Organizations", "Token exchange apps"} <= set(tags)
    assert not {tag for tag in tags if not tag.replace(" ", "").isalpha()}
    window.check(third_party="#swagger-ui")
    # an operation in full, tried without a token: its arrows, lists, boxes and buttons have images too
    page.locator("#operations-Audit_events-list_audit_events .opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_placeholder("org", exact=True).fill("acme")
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("401")
    dark = page.evaluate("document.documentElement.classList.contains('dark-mode')")
    assert dark == (theme == "dark")
    window.trouble.remove(f"401 from {window.address}/v2/organizations/acme/audit_events")
    window.check(third_party="#swagger-ui")
    if pictures := os.environ.get("PICTURES"):
        window.picture(Path(pictures) / f"api-docs-{theme}-{width}.png")

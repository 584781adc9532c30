"""A call fails; the page behind its error_uri says why; the dry run finds out more."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from audit.models import AuditEvent
from tests.browser.conftest import OpenWindow
from tests.browser.window import DESKTOP, PHONE, Theme
from tests.keys import sign_assertion
from tests.world import World


@pytest.mark.parametrize(("theme", "width"), [("light", DESKTOP), ("dark", PHONE)])
def test_the_way_from_a_refusal_to_its_cure(open_window: OpenWindow, world: World, theme: Theme, width: int) -> None:
    pictures = os.environ.get("PICTURES")
    window = open_window(world.alice, theme=theme, width=width)

    def look(name: str) -> None:
        window.check()
        if pictures:
            window.picture(Path(pictures) / f"{name}-{theme}-{width}.png")

    refused = AuditEvent.objects.filter(type="TOKEN_EXCHANGE_DENIED").latest("id")
    page = window.go(f"/requests/{refused.request_id}")
    assert "scopes" in (page.get_by_role("link", name="Edit the app").get_attribute("href") or "")
    look("request")
    window.go("/requests/00000000-0000-4000-8000-000000000000")
    look("unknown")
    page = window.go("/o/acme/dry-run/")
    look("empty")
    page.get_by_label("Assertion or request").fill(
        sign_assertion(world.deploy_bot.client_id, aud=f"{window.address}/oauth/token/")
    )
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("would be refused").wait_for()
    assert page.get_by_text("A slash at the end differs").is_visible()
    assert page.get_by_label("Assertion or request").input_value() == ""
    look("refused")
    page.get_by_label("Assertion or request").fill(
        "grant_type=urn:ietf:params:oauth:grant-type:token-exchange\n"
        "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer\n"
        "subject_token=bob@acme.test\nsubject_token_type=urn:buildkite:params:oauth:token-type:user-email\n"
        f"audience=acme\nclient_assertion={sign_assertion(world.deploy_bot.client_id, aud=window.address)}"
    )
    page.get_by_role("button", name="Check", exact=True).click()
    page.get_by_text("would succeed").wait_for()
    look("granted")
    assert json.dumps([event.data for event in AuditEvent.objects.filter(type="EXCHANGE_DRY_RUN")]) == "[{}, {}]"

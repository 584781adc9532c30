"""Passkeys in Chromium with a virtual authenticator: made, used as second factor, alone, and as proof."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Page

from audit.models import AuditEvent
from exchange_apps.models import Organization, Role, User
from tests import factories
from tests.browser.conftest import OpenWindow
from tests.browser.window import PHONE

PASSWORD = "correct horse battery"


@pytest.fixture
def ada(shared_database: str, acme: Organization) -> User:
    user = factories.make_member(acme, "ada@acme.test", Role.OWNER, name="Ada")
    user.password = make_password(PASSWORD, hasher="argon2")  # the server's own; that of the tests is quicker
    user.save()
    return user


def plug_in_authenticator(page: Page) -> None:
    """A device of the person's, that says yes to everything."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def enter_password(page: Page) -> None:
    page.get_by_label("E-mail").fill("ada@acme.test")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_passkey_is_made_and_signs_in_with_and_without_a_password(ada: User, open_window: OpenWindow) -> None:
    window = open_window(None)
    page = window.go("/login/")
    plug_in_authenticator(page)
    window.check()
    enter_password(page)
    page.wait_for_url("**/o/acme/")

    window.go("/account/")
    window.check()
    page.get_by_role("link", name="Add a passkey").click()
    window.check()
    page.get_by_label("Name").fill("Blue laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/recovery-codes/")
    window.check()
    window.go("/account/")
    assert "Blue laptop" in page.inner_text("main")
    assert "signs in alone" in page.inner_text("main")
    window.check()

    page.context.clear_cookies()
    window.go("/login/")
    enter_password(page)
    page.wait_for_url("**/two-factor/code/")
    window.check()
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/o/acme/")

    page.context.clear_cookies()
    window.go("/login/?next=/o/acme/audit/auditevent/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{window.address}/o/acme/audit/auditevent/")

    window.go("/account/")
    page.get_by_role("link", name="Remove Blue laptop").click()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/account/")
    assert "Blue laptop" not in page.inner_text("main")
    assert window.trouble == []
    used = [event.data["methods"] for event in AuditEvent.objects.filter(type="USER_SIGNED_IN").order_by("id")]
    assert used == [["password"], ["password", "passkey"], ["passkey"]]


def test_a_device_without_a_passkey_is_told_about(ada: User, open_window: OpenWindow) -> None:
    window = open_window(None, width=PHONE)
    page = window.go("/login/")
    plug_in_authenticator(page)  # which knows nobody
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("No passkey was used").wait_for()
    window.check()

"""A window of headless Chromium in which one of the cast looks at the portal, and what must hold on every page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, Page

from exchange_apps.models import User

DESKTOP, PHONE = 1280, 390
Theme = Literal["light", "dark"]
_HEIGHTS = {DESKTOP: 900, PHONE: 844}
_ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# What colours and room decide. The rest is about the document, which is the same in every theme and width
_OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]


@dataclass(frozen=True)
class Window:
    """`page` is Playwright's; `trouble` collects what the console said and which requests failed."""

    page: Page
    address: str
    trouble: list[str] = field(default_factory=list)

    def go(self, path: str, expect: int = 200) -> Page:
        """Open an address of the portal; any other status than expected is an error here."""
        response = self.page.goto(f"{self.address}{path}")
        assert response is not None, path
        assert response.status == expect, f"{path} answered {response.status}"
        return self.page

    def look(self, theme: Theme, width: int) -> None:
        """The page as it stands, in another theme and width."""
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        self.page.set_viewport_size({"width": width, "height": _HEIGHTS.get(width, 900)})

    def check(self, *, third_party: str = "", looked_different: bool = False) -> None:
        """What holds on every page: nothing in the console, no sideways scroll, no serious finding of axe.

        `third_party` selects what was made elsewhere, where axe does not look. Of a page that was checked when it
        `looked_different` axe only asks what depends on looks.
        """
        where = self.page.url.removeprefix(self.address)
        assert self.trouble == [], f"{where}: {self.trouble}"
        sideways = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert sideways <= 0, f"{where} scrolls sideways by {sideways} px"
        rules = _OF_LOOKS if looked_different else _ALL
        assert serious_findings(self.page, rules, without=third_party) == [], where

    def picture(self, file: Path | str) -> None:
        self.page.screenshot(path=str(file), full_page=True)


def serious_findings(page: Page, rules: list[str] = _ALL, *, without: str = "") -> list[str]:
    """`rules` are axe's tags, or its names of single rules."""
    if not page.evaluate("'axe' in window"):  # half a megabyte of script: once for each document
        page.evaluate(AXE_SCRIPT)
    context = {"exclude": [[without]] if without else []}
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    found = page.evaluate("async ([where, how]) => (await axe.run(where, how)).violations", [context, options])
    return [
        f"{finding['id']}: {node['html'][:200]} ({node['failureSummary']})"
        for finding in found
        if finding["impact"] in ("serious", "critical")
        for node in finding["nodes"]
    ]


@contextmanager
def window(browser: Browser, address: str, user: User | None, theme: Theme, width: int) -> Iterator[Window]:
    """A fresh window; its person is signed in already, as by the sign-in page."""
    context = browser.new_context(
        color_scheme=theme,
        viewport={"width": width, "height": _HEIGHTS.get(width, 900)},
        has_touch=width == PHONE,
        locale="en-GB",
        timezone_id="Europe/Berlin",
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    if user is not None:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session_of(user), "url": address}])
    opened = Window(context.new_page(), address)
    _listen(opened)
    try:
        yield opened
    finally:
        context.close()


def _listen(opened: Window) -> None:
    def console(message: Any) -> None:
        # a page that answers 403, 404 or 429 on purpose is reported as an error too; `go` looks at the status
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            opened.trouble.append(f"console: {message.text}")

    def answered(response: Any) -> None:
        if response.status >= 400 and response.request.resource_type != "document":
            opened.trouble.append(f"{response.status} from {response.url}")

    opened.page.on("console", console)
    opened.page.on("pageerror", lambda error: opened.trouble.append(f"script: {error}"))
    opened.page.on("response", answered)


def session_of(user: User) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    key: str = session.session_key
    return key

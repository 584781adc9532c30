"""A day at the log: a slip of the finger, events by keyboard, a search to keep, and new events as they come."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from exchange_apps.models import SavedSearch
from tests.browser.conftest import OpenWindow
from tests.browser.window import DESKTOP, PHONE, Theme, Window
from tests.conftest import Exchange
from tests.exchange_apps.admin.conftest import World
from tests.exchange_apps.admin.portal import LOG

BOTH = pytest.mark.parametrize(("theme", "width"), [("light", DESKTOP), ("dark", PHONE)])


def look(window: Window, name: str, theme: Theme, width: int) -> None:
    window.check()
    if pictures := os.environ.get("PICTURES"):
        window.picture(Path(pictures) / f"log-{name}-{theme}-{width}.png")


@BOTH
def test_a_wrong_key_is_mended_by_a_click(open_window: OpenWindow, world: World, theme: Theme, width: int) -> None:
    window = open_window(world.carol, theme=theme, width=width)
    page = window.go(LOG)
    look(window, "list", theme, width)
    page.get_by_label("Search the log").fill("outcom:denied")
    page.keyboard.press("Enter")
    page.get_by_text("There is no key “outcom”.").wait_for()
    look(window, "error", theme, width)
    page.get_by_role("link", name="Search for outcome:denied").click()
    page.get_by_role("link", name="deploy-bot was refused a token").wait_for()
    expect(page.locator("#event-rows a.event-link", has_text="minted a token")).to_have_count(0)
    # and by a suggestion, without typing it all
    page.get_by_label("Search the log").fill("type:mint")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Search the log")).to_have_value("type:ACCESS_TOKEN_MINTED ")
    look(window, "suggestion", theme, width)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="minted a token for")).to_have_count(1)


@BOTH
def test_events_are_read_by_keyboard_beside_the_list(
    open_window: OpenWindow, world: World, theme: Theme, width: int
) -> None:
    window = open_window(world.carol, theme=theme, width=width)
    page = window.go(LOG)
    titles = page.locator("#event-rows a.event-link").all_inner_texts()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    title = page.locator("#drawer-title")
    expect(title).to_contain_text(titles[0])
    expect(title).to_be_focused()
    look(window, "drawer", theme, width)
    page.keyboard.press("j")
    expect(title).to_contain_text(titles[1])
    page.keyboard.press("k")
    expect(title).to_contain_text(titles[0])
    page.keyboard.press("ArrowRight")
    expect(title).to_contain_text(titles[1])
    page.keyboard.press("Escape")
    expect(page.locator("#event-drawer")).not_to_be_visible()
    expect(page.locator("#event-rows a.event-link").nth(1)).to_be_focused()


def test_a_search_is_kept_and_found_again(open_window: OpenWindow, world: World) -> None:
    window = open_window(world.carol)
    page = window.go(f"{LOG}?query=outcome:denied")
    page.locator("summary", has_text="Searches").click()
    page.get_by_label("Save this search as").fill("What was refused")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("“What was refused” is saved.").wait_for()
    assert SavedSearch.objects.get().query == "outcome:denied after:30d"
    window.go(LOG)
    page.locator("summary", has_text="Searches").click()
    look(window, "searches", "light", DESKTOP)
    page.get_by_role("link", name="What was refused", exact=True).click()
    expect(page.get_by_label("Search the log")).to_have_value("outcome:denied after:30d")
    page.locator("summary", has_text="Searches").click()
    page.get_by_role("link", name="Rename, share or delete What was refused").click()
    look(window, "saved", "light", DESKTOP)


def test_a_new_mint_shows_by_itself(open_window: OpenWindow, world: World, exchange: Exchange) -> None:
    window = open_window(world.carol)
    page = window.go(f"{LOG}?query=type:ACCESS_TOKEN_MINTED")
    expect(page.locator("#event-rows tr")).to_have_count(1)
    page.get_by_role("button", name="Live").click()
    expect(page.locator("#announcer")).to_contain_text("Live")
    assert exchange().status_code == 200
    expect(page.locator("#event-rows tr")).to_have_count(2)
    expect(page.locator("#announcer")).to_have_text("1 new event")
    look(window, "live", "light", DESKTOP)

"""The journey of an invited person, and the organization switcher by keyboard."""

from __future__ import annotations

from django.core import mail
from playwright.sync_api import expect

from exchange_apps.models import Membership, Organization, Role
from tests import factories
from tests.browser.conftest import OpenWindow
from tests.browser.window import PHONE
from tests.exchange_apps.admin.portal import MEMBERS
from tests.exchange_apps.admin.test_invitation_answer import invited
from tests.exchange_apps.admin.test_invitations import link_in
from tests.world import World

PASSWORD = "correct horse battery"


def test_the_switcher_goes_by_keyboard_and_finds_one_of_many(open_window: OpenWindow, world: World) -> None:
    for number in range(12):
        one = factories.make_organization(f"org-{number:02}", name=f"Müller {number:02}")
        Membership.objects.create(organization=one, user=world.olga, role=Role.AUDITOR)
    window = open_window(world.olga)
    page = window.go(MEMBERS)
    page.locator("details.switcher summary").focus()
    page.keyboard.press("Enter")
    search = page.locator("[data-switcher-search]")
    expect(search).to_be_focused()
    page.keyboard.type("muller 07")
    window.check()
    expect(page.locator("[data-switcher] li:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/o/org-07/")
    page.locator("details.switcher summary").focus()
    page.keyboard.press("ArrowDown")
    expect(search).to_be_focused()
    page.keyboard.type("nothing like it")
    expect(page.locator("[data-switcher-none]")).to_be_visible()
    page.keyboard.press("Escape")
    assert not page.locator("details.switcher").evaluate("menu => menu.open")


def test_an_invited_person_makes_an_account_and_is_in(open_window: OpenWindow, world: World) -> None:
    invited(world.acme, "nina@partner.test")
    window = open_window(None, width=PHONE, theme="dark")
    page = window.go(link_in(mail.outbox[-1]))
    assert "/invitations/" not in page.url
    window.check()
    page.get_by_label("Your name").fill("Nina")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make my account and join").click()
    page.wait_for_url("**/o/acme/")
    assert page.get_by_text("Welcome to Acme Inc").is_visible()
    window.go("/o/acme/profile/")
    window.check()


def test_the_pages_about_people_hold_in_both_themes_and_on_a_phone(open_window: OpenWindow, world: World) -> None:
    invited(world.acme, "waiting.for.an.answer@acme.test")
    factories.make_member(world.acme, "zoe@acme.test", Role.OWNER)
    for theme, width in (("light", 1280), ("dark", PHONE)):
        window = open_window(world.olga, theme=theme, width=width)
        for path in (
            MEMBERS,
            f"{MEMBERS}add/",
            f"{MEMBERS}leave/",
            "/o/acme/profile/",
            f"/o/acme/exchange_apps/organization/{world.acme.pk}/change/",
            f"/o/acme/exchange_apps/organization/{world.acme.pk}/delete/",
        ):
            window.go(path)
            window.check()


def test_times_are_in_the_zone_of_the_browser_from_the_second_page_on(open_window: OpenWindow, world: World) -> None:
    Organization.objects.update(created_at="2026-01-02T12:00:00Z")
    Membership.objects.update(created_at="2026-01-02T12:00:00Z")
    page = open_window(world.olga).go(MEMBERS)
    page.reload()
    assert page.get_by_text("2026-01-02 13:00 CET").count() == 4

"""An app's form as somebody fills it in: keys previewed, scopes ticked, tabs opened, and nothing typed is lost."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from playwright.sync_api import Page, expect

from exchange_apps.models import ExchangeApplication
from tests.browser.conftest import OpenWindow
from tests.browser.window import PHONE
from tests.exchange_apps.admin.portal import APPS, page_of
from tests.keys import jwks, private_key
from tests.world import World


def test_an_app_is_made_on_one_page_with_what_the_page_says_while_one_types(
    open_window: OpenWindow, world: World
) -> None:
    window = open_window(world.olga)
    page = window.go(f"{APPS}add/")
    page.fill("#id_name", "reporter")

    preview = page.locator("#keys-preview")
    page.fill("#id_jwks", json.dumps(jwks("reporter-1")))
    expect(preview).to_contain_text("RSA 2048-bit")
    window.check()
    private = private_key("reporter-1").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    page.fill("#id_jwks", private)
    expect(preview).to_contain_text("Treat it as leaked")
    expect(page.locator("#id_jwks")).to_have_value("")
    public = private_key("reporter-1").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    page.fill("#id_jwks", public.decode())
    preview.get_by_role("button", name="Use the key set").click()
    expect(preview.locator("tbody .badge-good")).to_have_text("yes")

    choose_scopes(page)
    choose_limits(page)
    page.click("button[name=_save]")
    expect(page.locator("#connect")).to_be_visible()
    app = ExchangeApplication.objects.get(name="reporter")
    expect(page.locator("#connect pre").first).to_have_text(app.client_id)
    window.check()
    assert (app.grantable_scopes, app.default_scopes) == (["read_builds"], ["read_builds"])
    assert (app.exchange_allowed_ips, app.max_token_ttl) == (["127.0.0.1"], 28_800)


def choose_scopes(page: Page) -> None:
    picker = page.locator("[data-scopes]")
    picker.get_by_role("button", name="Read and write").click()
    expect(page.locator("[data-count]").first).to_have_text("1/1")
    picker.get_by_role("button", name="Read-only").click()
    expect(page.get_by_label("May grant write_builds")).not_to_be_checked()
    picker.get_by_role("button", name="None").click()
    picker.get_by_role("searchbox").fill("builds")
    expect(page.get_by_label("May grant read_suites")).to_be_hidden()
    page.get_by_label("Grant read_builds by default").check()
    expect(page.get_by_label("May grant read_builds")).to_be_checked()
    expect(page.locator("[data-scope-note]")).to_contain_text("read_builds may be granted now as well")


def choose_limits(page: Page) -> None:
    warning = page.locator("#field-exchange_allowed_ips [data-open-warning]")
    expect(warning).to_be_visible()
    page.locator("#field-exchange_allowed_ips").get_by_role("button", name="Add my address").click()
    expect(warning).to_be_hidden()
    page.fill("#id_exchange_allowed_ips", "0.0.0.0/0")
    expect(warning).to_be_visible()
    page.fill("#id_exchange_allowed_ips", "127.0.0.1")
    lifetime = page.locator("#field-max_token_ttl")
    lifetime.get_by_role("button", name="8 h", exact=True).click()
    expect(lifetime.locator("output")).to_have_text("= 8 h")
    page.fill("#id_max_token_ttl", "90")
    expect(lifetime.locator("output")).to_have_text("= 1 min 30 s")
    page.fill("#id_max_token_ttl", "28800")


def test_tabs_go_by_keys_and_address_and_the_first_with_a_fault_opens(open_window: OpenWindow, world: World) -> None:
    window = open_window(world.olga, theme="dark", width=PHONE)
    page = window.go(f"{page_of(world.deploy_bot)}#keys")
    expect(page.get_by_role("tab", name="Keys")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#connect")).to_be_hidden()
    window.check()
    page.get_by_role("tab", name="Keys").press("ArrowRight")
    expect(page.locator("#scopes")).to_be_visible()
    page.keyboard.press("End")
    expect(page.locator("#scopes")).to_be_hidden()
    page.get_by_role("tab", name="General").click()
    page.fill("#id_description", "typed before")
    page.get_by_role("tab", name="Limits").click()
    page.fill("#id_max_token_ttl", "5")
    page.fill("#id_token_allowed_ips", "10.0.0.1/8")
    page.click("button[name=_save]")
    expect(page.get_by_role("tab", name="Limits")).to_contain_text("2")
    expect(page.locator("#limits")).to_be_visible()
    window.check()
    page.get_by_role("tab", name="General").click()
    expect(page.locator("#id_description")).to_have_value("typed before")
    page.locator("#error-summary").get_by_role("link", name="Maximum token lifetime").click()
    expect(page.locator("#id_max_token_ttl")).to_be_visible()


def test_switching_where_keys_come_from_keeps_what_stood_in_the_other_field(
    open_window: OpenWindow, world: World
) -> None:
    page = open_window(world.alice).go(f"{APPS}add/")
    page.fill("#id_jwks", "half a key set")
    page.get_by_role("radio", name="JWKS URI").check()
    expect(page.locator("#id_jwks")).to_be_hidden()
    page.fill("#id_jwks_uri", "https://127.0.0.1:1/jwks.json")
    page.get_by_role("button", name="Try it now").click()
    expect(page.locator("#uri-preview .message-error")).to_be_visible()
    page.get_by_role("radio", name="Paste keys").check()
    expect(page.locator("#id_jwks")).to_have_value("half a key set")


def test_the_languages_of_the_call_go_by_keys_and_each_is_copied(open_window: OpenWindow, world: World) -> None:
    page = open_window(world.carol).go(page_of(world.deploy_bot))
    page.get_by_role("tab", name="curl and openssl").press("ArrowRight")
    expect(page.get_by_role("tab", name="Python")).to_be_focused()
    page.locator("#call-python").get_by_role("button").click()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert world.deploy_bot.client_id in copied
    assert "jwt.encode" in copied

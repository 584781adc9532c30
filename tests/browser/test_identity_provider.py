"""From picking GitHub to a policy that accepts the right token: what the linter says, the job to paste, the dry run."""

from __future__ import annotations

import json

from playwright.sync_api import Route, expect

from exchange_apps.models import IdentityProvider
from tests.browser.conftest import OpenWindow
from tests.browser.window import PHONE
from tests.exchange_apps.admin.portal import PROVIDERS, page_of
from tests.keys import jwks
from tests.oidc_issuer_host import Issuer
from tests.world import World


def test_github_is_trusted_tried_and_put_right(open_window: OpenWindow, world: World) -> None:
    window = open_window(world.olga)
    page = window.go(f"{PROVIDERS}add/")
    page.fill("#id_name", "deploys")
    page.get_by_role("radio", name="GitHub Actions").check()
    page.fill("#id_audiences", "counterfoil")
    page.get_by_role("radio", name="Paste keys").check()
    page.fill("#id_jwks", json.dumps(jwks("issuer-1")))

    findings, text = page.locator("#policy-findings"), page.locator("#id_policy")
    page.locator("[name=b-0-0-claim]").fill("repository")
    page.locator("[name=b-0-0-value]").fill("acme/shop")
    page.locator(".statement-scopes summary").click()
    page.get_by_role("searchbox", name="Search scopes").fill("read_builds")
    page.locator("[name=b-0-scopes][value=read_builds]").check()
    expect(text).to_have_value("- scopes: [read_builds]\n  claims:\n    repository: acme/shop\n")
    expect(findings).to_contain_text("repository is a name that can be given up")
    window.check()

    page.get_by_role("button", name="Add a condition").click()
    page.locator("[name=b-0-1-claim]").fill("repository_id")
    page.locator("[name=b-0-1-value]").fill("1002")
    page.locator("[name=b-0-1-matcher]").select_option("in")
    expect(text).to_have_value(
        '- scopes: [read_builds]\n  claims:\n    repository: acme/shop\n    repository_id:\n      in: ["1002"]\n'
    )
    expect(findings).to_contain_text("The linter has nothing against it.")
    page.fill("#id_token_ttl", "7200")
    acknowledge = findings.get_by_role("checkbox")
    expect(findings).to_contain_text("7200 s is more than an hour")
    page.click("button[name=_save]")
    expect(page.locator("#error-summary")).to_contain_text("1 warning waits to be acknowledged.")
    acknowledge.check()
    page.click("button[name=_save]")
    page.get_by_role("tab", name="GitHub Actions").press("ArrowRight")
    expect(page.get_by_role("tab", name="GitLab")).to_be_focused()
    page.locator("#job-gitlab").get_by_role("button").click()
    provider = IdentityProvider.objects.get(name="deploys")
    assert provider.acknowledged == ["long_ttl"]
    assert str(provider.pk) in page.evaluate("navigator.clipboard.readText()")

    page.get_by_role("link", name="Dry run").last.click()
    token = Issuer(None, provider.issuer).id_token()  # type: ignore[arg-type]
    page.fill("#id_token", token)
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#statements")).to_contain_text('in "1002"')
    expect(page.locator("#statements")).to_contain_text("1001")
    expect(page.locator("#id_token")).to_have_value("")
    window.check()
    page.get_by_role("link", name="Edit the policy").click()
    expect(page.locator("[name=b-0-1-value]")).to_have_value("1002")
    page.locator("[name=b-0-1-value]").fill("1001")
    page.click("button[name=_save]")
    expect(page.locator(".message-success")).to_be_visible()
    page.get_by_role("link", name="Dry run").last.click()
    page.fill("#id_token", token)
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("status")).to_contain_text("This token would be accepted.")
    window.check()


def test_what_is_typed_while_an_answer_is_on_its_way_stays(open_window: OpenWindow, world: World) -> None:
    window = open_window(world.olga)
    page = window.go(f"{PROVIDERS}add/")
    waiting: list[Route] = []
    page.route("**/editor/", lambda route: waiting.append(route), times=1)
    with page.expect_request("**/editor/"):
        page.fill("#id_audiences", "counterfoil")
    page.locator("[name=b-0-0-claim]").fill("repository")
    page.locator("[name=b-0-0-value]").fill("acme/shop")
    waiting[0].continue_()
    expect(page.locator("#id_policy")).to_have_value("- scopes: []\n  claims:\n    repository: acme/shop\n")
    expect(page.locator("[name=b-0-0-value]")).to_have_value("acme/shop")
    window.check()


def test_text_and_rows_stay_in_step_and_an_error_leads_to_its_line(open_window: OpenWindow, world: World) -> None:
    window = open_window(world.alice, theme="dark", width=PHONE)
    page = window.go(f"{page_of(world.github_ci)}#policy")
    text, rows = page.locator("#id_policy"), page.locator("#policy-rows")
    text.fill('# for the shop\n- scopes: [read_builds]\n  claims:\n    repository_id: "7"\n')
    expect(page.locator("[name=b-0-0-value]")).to_have_value("7")
    window.check()
    text.fill("- scopes: [read_builds]\n  when: now\n  claims: {}\n")
    error = page.get_by_role("button", name="Line 2, column 9")
    error.click()
    expect(text).to_be_focused()
    assert page.evaluate("document.getElementById('id_policy').selectionStart") == 32
    expect(page.locator(".numbers .bad")).to_have_text("2")
    text.fill("- scopes: [")
    expect(rows).to_contain_text("as soon as the YAML can be read")
    text.fill("- scopes: [read_builds]\n  claims: {repository_id: a}\n- scopes: []\n  claims: {repository_id: b}\n")
    page.get_by_role("button", name="Move statement 2 up").click()
    expect(page.locator("[name=b-0-0-value]")).to_have_value("b")
    expect(text).to_have_value(
        "- scopes: []\n  claims:\n    repository_id: b\n- scopes: [read_builds]\n  claims:\n    repository_id: a\n"
    )
    page.get_by_role("button", name="Remove statement 1").click()
    expect(page.locator("[name=b-0-0-value]")).to_have_value("a")
    window.check()

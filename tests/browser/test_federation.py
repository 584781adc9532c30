"""Somebody sets up trust with the assistant, and tries it before anything is pasted anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from oidc_issuer.federation import TARGETS
from oidc_issuer.models import Pipeline
from tests.browser.conftest import OpenWindow
from tests.browser.window import DESKTOP, PHONE, Theme
from tests.world import World


@pytest.mark.parametrize(("theme", "width"), [("light", DESKTOP), ("dark", PHONE)])
def test_from_a_pipeline_to_a_verdict(open_window: OpenWindow, world: World, theme: Theme, width: int) -> None:
    pictures = os.environ.get("PICTURES")
    window = open_window(world.alice, theme=theme, width=width)

    def look(name: str) -> None:
        window.check()
        if pictures:
            window.picture(Path(pictures) / f"federation-{name}-{theme}-{width}.png")

    pipeline = Pipeline.objects.get(organization=world.acme)
    page = window.go(f"/o/acme/oidc_issuer/pipeline/{pipeline.pk}/change/")
    page.get_by_role("link", name="Federation").last.click()
    page.get_by_role("heading", name="1. Tell AWS").wait_for()
    assert page.get_by_label("Branch or tag", exact=False).last.is_visible()
    assert page.locator("#field-cluster").is_hidden()
    page.locator("select[name=subject]").select_option("cluster_id")
    assert page.locator("#field-cluster").is_visible()
    page.locator("select[name=subject]").select_option("pipeline_id")
    for target in TARGETS.values():
        page.get_by_role("navigation", name="Target").get_by_role("link", name=target.label, exact=True).click()
        page.get_by_role("heading", name=f"1. Tell {target.label}").wait_for()
        assert page.get_by_role("checkbox", name=str(pipeline)).is_checked()
        look(target.key)
    page.get_by_role("button", name="Try what the last job would get").click()
    page.get_by_text("would accept it").wait_for()
    look("accepted")
    page.locator("input[name=ref]").fill("Main")
    page.get_by_role("button", name="Show what to paste").click()
    page.get_by_label("ID token").fill("not a token")
    page.get_by_role("button", name="Try this token").click()
    page.get_by_text("There is no token to try").wait_for()
    look("no-token")
    page.get_by_role("button", name="Try what the last job would get").click()
    page.get_by_text("would refuse it").wait_for()
    assert page.get_by_text("Only capital letters differ").first.is_visible()
    look("refused")

"""What the form of an identity provider says while it is filled in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from exchange_apps.admin.provider_snippets import snippets
from tests.exchange_apps.admin.portal import PROVIDERS, browser, page_of, provider_form
from tests.oidc_issuer_host import Issuer
from tests.world import World


def edit(world: World, **changes: Any) -> str:
    response = browser(world.alice).post(f"{PROVIDERS}editor/", provider_form(**changes))
    assert response.status_code == 200
    page: str = response.content.decode()
    return page


def test_the_text_is_judged_and_shown_as_rows(world: World) -> None:
    page = edit(world, policy_edited="yaml")
    assert "The linter has nothing against it." in page
    assert 'id="policy-rows" hx-swap-oob="true"' in page
    assert 'name="b-0-0-claim" value="repository_id"' in page
    assert 'id="policy-text"' not in page  # somebody is writing there


def test_the_rows_are_judged_and_written_as_text(world: World) -> None:
    rows = {"b-count": "1", "b-0-rows": "1", "b-0-0-claim": "ref", "b-0-0-value": "main", "b-0-scopes": "read_builds"}
    page = edit(world, policy_edited="builder", **rows)
    assert "signs for all its customers" in page
    assert "    ref: main" in page
    assert 'id="policy-rows"' not in page


def test_a_step_answers_both_and_keeps_what_the_text_says(world: World) -> None:
    page = edit(world, policy_edited="yaml", **{"b-do": "add-row:0"})
    assert 'name="b-0-1-claim" value=""' in page
    assert "repository_id" in page
    moved = edit(world, policy="- {name: a, scopes: []}\n- {name: b, scopes: []}", **{"b-do": "down:0"})
    assert moved.index("name: b") < moved.index("name: a")


@pytest.mark.parametrize("step", ["up:0", "down:7", "remove:9", "remove-row:0:9", "nonsense", "add-row:", "remove:-1"])
def test_a_step_that_leads_nowhere_changes_nothing(world: World, step: str) -> None:
    assert 'name="b-0-0-claim" value="repository_id"' in edit(world, **{"b-do": step})


def test_text_that_cannot_be_read_leaves_the_rows_empty_and_says_where(world: World) -> None:
    page = edit(world, policy_edited="yaml", policy="- scopes: [read_builds\n")
    assert "The conditions appear here as soon as the YAML can be read." in page
    assert "line 2, column 1" in page


def test_the_issuer_is_asked_live(world: World, issuer: Issuer) -> None:
    def ask(**changes: Any) -> str:
        page = browser(world.alice).post(f"{PROVIDERS}ask/", provider_form(preset="generic", **changes))
        return str(page.content.decode())

    found = ask(issuer=issuer.url)
    assert f"{issuer.url}/jwks" in found
    assert "issuer-1" in found
    issuer.metadata = {"issuer": "https://somebody.else"}
    assert "names another issuer: “https://somebody.else”" in ask(issuer=issuer.url)
    assert "must not be contacted" in ask(issuer="https://169.254.169.254")
    assert "Name the issuer" in ask(issuer="")


def test_asking_is_limited(world: World, issuer: Issuer) -> None:
    form = provider_form(preset="generic", issuer=issuer.url)
    pages = [browser(world.alice).post(f"{PROVIDERS}ask/", form).content.decode() for _ in range(11)]
    assert "That was a lot of fetches." in pages[-1]


def test_each_system_has_a_job_that_needs_nothing_filled_in(world: World) -> None:
    world.github_ci.audiences = ['it\'s & "odd"']
    found = {snippet.key: snippet for snippet in snippets(world.github_ci)}
    assert [key for key, snippet in found.items() if snippet.is_first] == ["github_actions"]
    for key, snippet in found.items():
        assert str(world.github_ci.pk) in snippet.text
        assert "&#x27;" not in snippet.text
        if key != "curl":
            assert isinstance(yaml.safe_load(snippet.text), dict)
    assert "audience=it%27s%20%26%20%22odd%22" in found["github_actions"].text
    assert yaml.safe_load(found["gitlab"].text)["deploy"]["id_tokens"]["ID_TOKEN"]["aud"] == 'it\'s & "odd"'


def test_the_page_shows_the_jobs(world: World) -> None:
    page = browser(world.carol).get(page_of(world.github_ci)).content.decode()
    for name in ("GitHub Actions", "GitLab", "CircleCI", "Buildkite", "curl"):
        assert name in page

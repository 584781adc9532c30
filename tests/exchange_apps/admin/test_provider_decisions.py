"""What a provider's pages say of real tokens: what would flip, how many are accepted, and why one is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import IdentityProvider
from exchange_apps.services.trust_decisions import waiting_decisions
from tests.conftest import Response, post_form
from tests.exchange_apps.admin.portal import PROVIDERS, browser, page_of, provider_form
from tests.jwks_host import JWKSHost
from tests.oidc_issuer_host import Issuer
from tests.world import World

Job = Callable[..., Response]
GOOD = """- scopes: [read_builds]
  claims:
    repository_id: "1001"
    repository_owner_id: "77"
"""


@pytest.fixture(autouse=True)
def _no_waiting_decisions() -> Iterator[None]:
    waiting_decisions.take_all()
    yield
    waiting_decisions.take_all()


@pytest.fixture
def github(world: World, host: JWKSHost) -> Issuer:
    """Signs as GitHub does; the provider has its key pasted."""
    return Issuer(host, world.github_ci.issuer)


@pytest.fixture
def job(client: Client, world: World, github: Issuer) -> Job:
    def exchange(**claims: Any) -> Response:
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": github.id_token(**claims),
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "client_id": str(world.github_ci.pk),
            "audience": "acme",
        }
        return post_form(client, "/oauth/token", form)

    return exchange


def save(world: World, **changes: Any) -> Response:
    form = provider_form(name="github-ci") | {"policy": GOOD} | changes
    return browser(world.alice).post(page_of(world.github_ci), form)


def text(response: Response) -> str:
    return str(response.content.decode())


def test_what_flips_is_shown_before_it_is_saved_in_both_directions(world: World, job: Job) -> None:
    assert job().status_code == 200
    assert job(repository_id="1002").status_code == 400
    other = GOOD.replace("1001", "1002")
    page = text(save(world, policy=other))
    assert "2 recent tokens would be decided otherwise" in page
    assert "Accepted until now, refused from then on" in page
    assert "Refused until now, accepted from then on" in page
    world.github_ci.refresh_from_db()
    assert world.github_ci.policy[0]["claims"]["repository_id"] == "1001"
    assert save(world, policy=other, accept_flips="on").status_code == 302
    world.github_ci.refresh_from_db()
    assert world.github_ci.policy[0]["claims"]["repository_id"] == "1002"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exchange_allowed_ips": "192.0.2.0/24"}, "refused: provider_address"),
        ({"token_ttl": "300"}, "5 min"),
        ({"audiences": "another"}, "refused: token_audience"),
    ],
)
def test_addresses_lifetime_and_audiences_count_too(
    world: World, job: Job, changes: dict[str, str], words: str
) -> None:
    assert job().status_code == 200
    page = text(save(world, **changes))
    assert "1 recent token would be decided otherwise" in page
    assert words in page


def test_nothing_is_asked_where_nothing_flips(world: World, job: Job) -> None:
    job()
    assert save(world, mode="observe").status_code == 302


def test_the_form_says_how_many_recent_tokens_a_policy_accepts(world: World, job: Job) -> None:
    job()
    job()
    job(repository_id="1002")
    form = provider_form(name="github-ci", policy=GOOD)
    page = text(browser(world.alice).post(page_of(world.github_ci, "editor"), form))
    assert "Of the last 3 tokens of this issuer this policy accepts 2." in page
    new = text(browser(world.alice).post(f"{PROVIDERS}editor/", provider_form(policy=GOOD)))
    assert "Of the last 3 tokens of this issuer this policy accepts 2." in new


def test_observing_is_counted_and_ends_with_one_button(world: World, job: Job) -> None:
    IdentityProvider.objects.filter(pk=world.github_ci.pk).update(mode="observe")
    assert job().status_code == 400
    page = text(browser(world.alice).get(page_of(world.github_ci)))
    assert "Of 1 token seen lately 1 would have bought one." in page
    assert "Enforce now" in page
    browser(world.alice).post(page_of(world.github_ci, "enforce"))
    assert job().status_code == 200
    assert "Enforce now" not in text(browser(world.alice).get(page_of(world.github_ci)))


def test_the_list_tells_when_it_was_last_used(world: World, job: Job) -> None:
    assert ">never</span>" in text(browser(world.alice).get(PROVIDERS))
    job()
    assert ">never</span>" not in text(browser(world.alice).get(PROVIDERS))


def test_a_dry_run_names_the_rule_that_failed_and_keeps_nothing(world: World, github: Issuer) -> None:
    token = github.id_token(repository_id="1002")
    data = {"token": token, "address": "127.0.0.1"}
    page = text(browser(world.carol).post(page_of(world.github_ci, "dry-run"), data))
    assert "This token would be refused." in page
    assert "repository_id" in page
    assert "1002" in page
    assert token not in page
    assert token.split(".")[2] not in page
    event = AuditEvent.objects.get(type="EXCHANGE_DRY_RUN")
    assert (event.actor_name, event.reason) == ("carol@acme.test", "policy_no_match")


def test_a_dry_run_says_what_a_good_token_would_get(world: World, github: Issuer) -> None:
    data = {"token": github.id_token(), "address": "127.0.0.1"}
    page = text(browser(world.alice).post(page_of(world.github_ci, "dry-run"), data))
    assert "This token would be accepted." in page
    assert "read_builds" in page
    assert "decides" in page


def test_an_expired_token_is_still_tried_on_every_statement(world: World, github: Issuer) -> None:
    page = text(
        browser(world.alice).post(
            page_of(world.github_ci, "dry-run"), {"token": github.id_token(exp=1, iat=0, nbf=0), "address": "127.0.0.1"}
        )
    )
    assert "would be refused" in page
    assert "decides" in page


@pytest.mark.parametrize("pasted", ["", "nonsense", "a.b.c"])
def test_what_is_no_token_is_said_to_be_none(world: World, pasted: str) -> None:
    data = {"token": pasted, "address": "127.0.0.1"}
    response = browser(world.alice).post(page_of(world.github_ci, "dry-run"), data)
    assert response.status_code == 200
    assert "would be accepted" not in text(response)

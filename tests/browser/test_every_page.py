"""Every page of the portal, for each role: a silent console, no sideways scroll, nothing that axe calls serious."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.http.response import HttpResponseBase

from config.organization_prefix import reverse_outside
from exchange_apps.models import User
from oidc_issuer.federation import TARGETS
from tests.browser.conftest import OpenWindow
from tests.browser.window import DESKTOP, PHONE, Theme, Window
from tests.exchange_apps.admin.every_address import every_address
from tests.exchange_apps.admin.portal import browser
from tests.world import World

# Who may change things sees every page both ways. The others' are some of the same ones with less on them; of an
# auditor's only those differ where forms become text
WALKS: list[tuple[str, str, str, list[tuple[Theme, int]], int]] = [
    ("olga", "/o/acme/", "", [("light", DESKTOP), ("dark", PHONE)], 50),
    ("carol", "/o/acme/", "/change/", [("dark", DESKTOP)], 5),
    ("bob", "/o/acme/", "", [("light", PHONE)], 6),
    ("otto", "/", "", [("light", DESKTOP)], 10),
]
SEARCHES = ("type:access_token_minted after:7d", "reason:none_such", "app:deploy-bot -outcome:denied")
OF_THE_ACCOUNT = ("mfa_index", "usersessions_list")


def addresses(world: World, prefix: str) -> list[str]:
    """All there is behind the prefix, states of pages that have no pattern of their own, and the account's pages."""
    states = [f"federation/?target={target}" for target in TARGETS]
    states += [f"audit/auditevent/?query={search}" for search in SEARCHES]
    here = [address.path for address in every_address(world)] + states
    return [*(prefix + path for path in here), *(reverse_outside(name) for name in OF_THE_ACCOUNT)]


def pages_of(user: User, world: World, prefix: str) -> Iterator[str]:
    """What answers this person with a whole page: no refusal, no file, no part of another page."""
    client = browser(user)
    for address in dict.fromkeys(addresses(world, prefix)):
        if is_page(client.get(address)):
            yield address


def is_page(response: HttpResponseBase) -> bool:
    return (
        response.status_code == 200
        and not response.streaming
        and response["Content-Type"].startswith("text/html")
        and b"</html>" in getattr(response, "content", b"")
    )


@pytest.mark.parametrize(("name", "prefix", "only", "looks", "least"), WALKS)
def test_every_page_a_role_may_see_is_clean(
    open_window: OpenWindow,
    world: World,
    name: str,
    prefix: str,
    only: str,
    looks: list[tuple[Theme, int]],
    least: int,
) -> None:
    theme, width = looks[0]
    window, faults, seen = open_window(world.person(name), theme=theme, width=width), [], 0
    for address in pages_of(world.person(name), world, prefix):
        if only not in address:
            continue
        window.go(address)
        seen += 1
        faults += [*faults_of(window, looked_different=False)]
        for other in looks[1:]:
            window.look(*other)
            faults += [*faults_of(window, looked_different=True)]
        looks = looks[::-1]  # the next page opens in the look that this one was left in
    assert faults == []
    assert seen >= least


def faults_of(window: Window, *, looked_different: bool) -> Iterator[str]:
    try:
        window.check(looked_different=looked_different)
    except AssertionError as fault:
        yield str(fault).partition("\n")[0]
        window.trouble.clear()

"""Which presses ask for a recent proof, and which must not: what stops harm at once asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from exchange_apps.models import ExchangeApplication, Invitation, Membership, MintedToken, Role, User
from oidc_issuer.models import SigningKey
from oidc_issuer.services.signing_keys import tend_signing_keys
from tests.exchange_apps.admin.portal import MEMBERS, TOKENS, page_of
from tests.exchange_apps.admin.test_invitation_answer import invited
from tests.exchange_apps.sign_in.conftest import PASSWORD, sign_in
from tests.exchange_apps.sign_in.test_reauthentication import LATER, PROOF, led_to
from tests.oidc_issuer.conftest import author_at
from tests.world import World

Press = tuple[str, dict[str, str]]
KEYS = "/oidc_issuer/signingkey/"


def app(world: World, page: str, **form: str) -> Press:
    return page_of(world.deploy_bot, page), form


def key(world: World, turn: str) -> Press:
    return f"{page_of(world.deploy_bot, 'keys')}{world.deploy_bot.key_history.get().pk}/{turn}/", {}


def enabling(world: World) -> Press:
    ExchangeApplication.objects.update(enabled=False)
    return app(world, "on")


def restoring(world: World) -> Press:
    ExchangeApplication.objects.filter(pk=world.deploy_bot.pk).update(enabled=False, deleted_at=world.token.created_at)
    return app(world, "restore", name="deploy-bot")


def changing_a_role(world: World) -> Press:
    return page_of(Membership.objects.get(user=world.bob)), {"role": "auditor", "active": "on"}


def resending_to_an_owner(world: World) -> Press:
    invited(world.acme, "nina@partner.test")
    Invitation.objects.update(role=Role.OWNER)
    return f"{MEMBERS}invitations/{Invitation.objects.get().pk}/resend/", {}


ASKING: dict[str, Callable[[World], Press]] = {
    "enabling an app": enabling,
    "restoring an app": restoring,
    "deleting an app": lambda world: app(world, "delete", post="yes", name="deploy-bot"),
    "revoking all tokens of an app": lambda world: app(world, "revoke-tokens"),
    "revoking all tokens of a user": lambda world: (f"{TOKENS}revoke-all/?user=bob@acme.test", {}),
    "revoking all tokens of a key": lambda world: (f"{TOKENS}revoke-all/?key_id=deploy-1", {}),
    "switching a key off": lambda world: key(world, "off"),
    "switching a key on": lambda world: key(world, "on"),
    "changing a role": changing_a_role,
    "removing a member": lambda world: (
        page_of(Membership.objects.get(user=world.bob), "delete"),
        {"post": "yes"},
    ),
    "inviting an owner": lambda world: (f"{MEMBERS}add/", {"email": "new@acme.test", "role": "owner"}),
    "sending an owner's invitation again": resending_to_an_owner,
}
OPERATORS: dict[str, Callable[[], Press]] = {
    "rotating a signing key": lambda: (f"{KEYS}rotate/RS256/", {}),
    "revoking a signing key": lambda: (f"{KEYS}{SigningKey.objects.all()[0].pk}/revoke/", {}),
}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-05-04 12:00:00", tick=True) as found:
        yield found


@pytest.fixture
def stale(client: Client, clock: time_machine.Traveller, world: World) -> Any:
    """A browser in which somebody signed in a while ago: `stale("olga")`."""

    def signed_in(name: str) -> Client:
        person: User = world.person(name)
        person.set_password(PASSWORD)
        person.save()
        sign_in(client, person.email)
        clock.shift(LATER)
        return client

    return signed_in


@pytest.mark.parametrize("name", ASKING)
def test_what_gives_power_or_cannot_be_undone_asks_who_it_is(name: str, stale: Any, world: World) -> None:
    address, form = ASKING[name](world)
    client = stale("olga")
    assert led_to(client, client.post(address, form)).startswith(PROOF)
    assert MintedToken.objects.filter(revoked_at=None).exists()
    client.post(PROOF, {"password": PASSWORD})
    assert not led_to(client, client.post(address, form))


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_prove_who_they_are_before_they_touch_signing_keys(name: str, stale: Any) -> None:
    tend_signing_keys(author=author_at(timezone.now() - timedelta(days=2)))
    before = list(SigningKey.objects.values_list("kid", "state"))
    address, form = OPERATORS[name]()
    client = stale("otto")
    assert led_to(client, client.post(address, form)).startswith(PROOF)
    assert list(SigningKey.objects.values_list("kid", "state")) == before


def test_disabling_an_app_is_one_press(stale: Any, world: World) -> None:
    client = stale("alice")
    assert not led_to(client, client.post(*app(world, "off")))
    assert not ExchangeApplication.objects.get(pk=world.deploy_bot.pk).enabled


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_revoking_one_token_is_one_press(name: str, stale: Any, world: World) -> None:
    client = stale(name)
    assert not led_to(client, client.post(page_of(world.token, "revoke")))
    world.token.refresh_from_db()
    assert world.token.revoked_at is not None

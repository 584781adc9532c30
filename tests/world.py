"""A small world for the portal: Acme with apps, tokens and events, Globex beside it, and an operator."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.utils import timezone

from exchange_apps.models import ExchangeApplication, IdentityProvider, MintedToken, Organization, User
from exchange_apps.services.application_keys import note_keys
from tests import factories
from tests.conftest import Exchange
from tests.oidc_issuer.stage import make_building, run_job


@dataclass(frozen=True)
class World:
    acme: Organization
    globex: Organization
    olga: User
    alice: User
    bob: User
    carol: User
    mallory: User
    otto: User
    deploy_bot: ExchangeApplication
    globex_bot: ExchangeApplication
    token: MintedToken
    github_ci: IdentityProvider

    def person(self, name: str) -> User:
        found: User = getattr(self, name)
        return found


@pytest.fixture
def world(
    acme: Organization,
    globex: Organization,
    olga: User,
    alice: User,
    bob: User,
    carol: User,
    mallory: User,
    deploy_bot: ExchangeApplication,
    exchange: Exchange,
) -> World:
    assert exchange().status_code == 200
    assert exchange(scope="write_everything").status_code == 400
    otto = User.objects.create_superuser("otto@operators.test", name="Otto")
    globex_bot = factories.make_application(globex, "globex-secret-bot")
    for app in (deploy_bot, globex_bot):
        note_keys(app, app.keys(), now=timezone.now())
    token = MintedToken.objects.get()
    run_job(make_building(acme), token)
    factories.make_webhook(acme)
    github_ci = factories.make_provider(acme)
    people = (olga, alice, bob, carol, mallory, otto)
    return World(acme, globex, *people, deploy_bot, globex_bot, token, github_ci)

"""What a workload's exchange costs the database: as much as an app's, and once a second a decision to remember."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from exchange_apps.models import IdentityProvider, User
from exchange_apps.services import decision_buffer
from tests.conftest import statements
from tests.exchange_apps.oauth.test_query_count import WARM_MINT, begins
from tests.exchange_apps.workloads.conftest import IN_EVERY_SHAPE, POLICY, SaveProvider, Send, Shape

BEYOND = "a statement past the ones of a warm mint"


@pytest.fixture
def _long_second(monkeypatch: Any) -> None:
    monkeypatch.setattr(decision_buffer, "_SPAN_MS", 600_000)


@IN_EVERY_SHAPE
@pytest.mark.usefixtures("_long_second")
def test_a_warm_exchange_runs_the_statements_of_an_apps_and_no_more(send: Send, shape: Shape) -> None:
    assert send(shape=shape).status_code == 200
    with statements() as texts:
        assert send(shape=shape).status_code == 200
    assert begins(texts, WARM_MINT), BEYOND


@pytest.mark.usefixtures("_long_second")
def test_acting_as_a_member_looks_nothing_more_up(save_provider: SaveProvider, send: Send, bob: User) -> None:
    save_provider(IdentityProvider.objects.get(), policy=[POLICY[0] | {"act_as": "bob@acme.test"}])
    assert send().status_code == 200
    with statements() as texts:
        assert send().status_code == 200
    assert begins(texts, WARM_MINT), BEYOND


@pytest.mark.skipif(connection.vendor == "postgresql", reason="the mint is past Django's cursor there")
def test_the_first_decision_of_a_second_is_two_statements(send: Send) -> None:
    with statements() as texts:
        assert send().status_code == 200
    assert len([text for text in texts if "trustdecision" in text]) == 2

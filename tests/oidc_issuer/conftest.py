"""The issuer's stage: an author for changes of keys, and moments counted from a fixed one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.origin import RequestOrigin
from audit.parties import SYSTEM
from exchange_apps.models import Organization
from exchange_apps.services.audited_changes import Author
from tests.conftest import Exchange
from tests.oidc_issuer.stage import Building, make_building, start

START = datetime(2026, 1, 1, tzinfo=UTC)


def author_at(moment: datetime) -> Author:
    return Author(SYSTEM, RequestOrigin.command("test"), moment)


def after(**span: float) -> datetime:
    return START + timedelta(**span)


@pytest.fixture
def building(acme: Organization) -> Building:
    return make_building(acme)


@pytest.fixture
def scheduler(building: Building, exchange: Exchange) -> str:
    """A minted token that may start jobs."""
    response = exchange(scope="write_builds")
    assert response.status_code == 200, response.content
    secret: str = response.json()["access_token"]
    return secret


@pytest.fixture
def start_job(client: Client, scheduler: str) -> Callable[..., dict[str, Any]]:
    """`start_job(build={"tag": "v1"})`: the scheduler's answer, with the job's token."""

    def call(**changes: Any) -> dict[str, Any]:
        response = start(client, scheduler, **changes)
        assert response.status_code == 201, response.content
        answer: dict[str, Any] = response.json()
        return answer

    return call

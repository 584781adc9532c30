"""What an exchange costs the database, statement by statement. A new statement here is a decision, not an accident."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from pytest_django import Settings

from exchange_apps.models import ExchangeApplication, Organization
from tests.conftest import Exchange, statements
from tests.keys import ABSENT

ON_POSTGRESQL = connection.vendor == "postgresql"
# PostgreSQL gets the whole mint as one prepared statement, sent past Django's cursor and so not captured here. SQLite,
# which has no round trips to save, gets one statement for each step.
WARM_MINT = (
    []
    if ON_POSTGRESQL
    else [
        "SELECT (SELECT version",
        "SELECT used, started_ms FROM exchange_apps_ratewindow",
        "INSERT INTO exchange_apps_ratewindow",
        "INSERT INTO exchange_apps_usedassertion",
        "INSERT INTO exchange_apps_mintedtoken",
        "INSERT INTO audit_auditevent",
    ]
)


@pytest.fixture
def asked(exchange: Exchange) -> Callable[..., list[str]]:
    """The beginnings of the statements one exchange runs, transaction control left out."""

    def run(status: int = 200, **changes: object) -> list[str]:
        with statements() as texts:
            assert exchange(**changes).status_code == status
        return texts

    return run


def begins(texts: list[str], expected: list[str]) -> bool:
    assert len(texts) == len(expected), texts
    return all(text.startswith(beginning) for text, beginning in zip(texts, expected, strict=True))


def test_a_warm_mint_looks_nothing_up_and_runs_just_these_statements(asked: Callable[..., list[str]]) -> None:
    asked()
    assert begins(asked(), WARM_MINT)
    assert not [text for text in asked() if "exchange_apps_user" in text and "version" not in text]


def test_without_jti_and_limits_there_is_less_to_write(
    asked: Callable[..., list[str]], deploy_bot: ExchangeApplication, settings: Settings
) -> None:
    settings.EXCHANGE_FAILURE_LIMIT = 0
    Organization.objects.update(exchange_rate_limit=0)
    asked()
    kept = [text for text in WARM_MINT if "ratewindow" not in text and "usedassertion" not in text]
    assert begins(asked(claims={"jti": ABSENT}), kept)


def test_after_a_change_the_app_and_the_user_are_read_once_more(
    asked: Callable[..., list[str]], deploy_bot: ExchangeApplication
) -> None:
    asked()
    ExchangeApplication.objects.update(description="changed")
    reads = [text for text in asked() if text.startswith("SELECT") and '"exchange_apps_' in text]
    assert {re.search(r'FROM "(\w+)"', text)[1] for text in reads} >= {  # type: ignore[index]
        "exchange_apps_exchangeapplication",
        "exchange_apps_user",
        "exchange_apps_membership",
    }
    assert begins(asked(), WARM_MINT)


def test_a_refusal_on_a_known_app_reads_only_its_version(asked: Callable[..., list[str]]) -> None:
    asked()
    reads = [
        text
        for text in asked(400, scope="write_agents")
        if text.startswith("SELECT") and "exchange_apps_exchangeapplication" in text
    ]
    assert len(reads) == 1
    assert "jwks" not in reads[0].split("FROM")[0]


@pytest.mark.skipif(not ON_POSTGRESQL, reason="only PostgreSQL prepares statements")
def test_the_mint_statement_is_prepared_once_and_runs_once_for_each_mint(exchange: Exchange) -> None:
    exchange()
    with connection.cursor() as cursor:
        count = "SELECT count(*), sum(generic_plans + custom_plans) FROM pg_prepared_statements WHERE statement LIKE %s"
        cursor.execute(count, ["%exchange_apps_mintedtoken%jsonb_populate_record%"])
        before = cursor.fetchone()
        exchange()
        cursor.execute(count, ["%exchange_apps_mintedtoken%jsonb_populate_record%"])
        after = cursor.fetchone()
    assert (after[0], after[1] - before[1]) == (before[0], 1)

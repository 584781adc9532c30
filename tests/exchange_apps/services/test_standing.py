"""What a process keeps of apps and users between exchanges: it mints nothing on old news, and refuses nobody on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from exchange_apps.models import ExchangeApplication, Membership, MintedToken, Organization, User
from exchange_apps.services import standing
from tests import factories
from tests.conftest import Exchange, denials, mints, reason_of
from tests.keys import ABSENT, jwks, public_jwk

Change = Callable[[str, object, str, object], None]

MODELS = {"app": ExchangeApplication, "organization": Organization, "membership": Membership, "user": User}
SWITCHES = [
    ("app", "enabled", False, "application_disabled"),
    ("organization", "token_exchange_enabled", False, "exchange_disabled"),
    ("membership", "active", False, "subject_suspended"),
    ("user", "is_active", False, "subject_suspended"),
    ("user", "email_verified", False, "subject_unverified"),
]


def by_save(table: str, key: object, column: str, value: object) -> None:
    row = MODELS[table].objects.get(pk=key)
    setattr(row, column, value)
    row.save()


def by_update(table: str, key: object, column: str, value: object) -> None:
    MODELS[table].objects.filter(pk=key).update(**{column: value})


def by_sql(table: str, key: object, column: str, value: Any) -> None:
    given = str(key) if connection.vendor == "postgresql" else str(key).replace("-", "")
    with connection.cursor() as cursor:
        statement = f"UPDATE {MODELS[table]._meta.db_table} SET {column} = %s WHERE id = %s"  # noqa: S608
        cursor.execute(statement, [value, given])
        assert cursor.rowcount == 1


WAYS: dict[str, Change] = {"save": by_save, "queryset.update": by_update, "SQL": by_sql}


@pytest.fixture
def rows(deploy_bot: ExchangeApplication, bob: User, acme: Organization) -> dict[str, object]:
    membership = Membership.objects.get(user=bob)
    return {"app": deploy_bot.id, "organization": acme.id, "membership": membership.id, "user": bob.id}


@pytest.fixture
def warm(exchange: Exchange) -> Exchange:
    """An exchange in a process that already knows the app and Bob."""
    assert exchange().status_code == 200
    assert exchange().status_code == 200
    return exchange


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("table", "column", "off", "reason"), SWITCHES)
def test_what_is_switched_off_by_whatever_way_mints_nothing_and_on_again_mints(
    warm: Exchange, rows: dict[str, object], way: str, table: str, column: str, off: object, reason: str
) -> None:
    WAYS[way](table, rows[table], column, off)
    assert reason_of(warm()) == reason
    assert len(mints()) == 2
    WAYS[way](table, rows[table], column, True)
    assert warm().status_code == 200


REMOVALS: dict[str, Callable[[ExchangeApplication, User], object]] = {
    "membership": lambda app, bob: Membership.objects.filter(user=bob).delete(),
    "user": lambda app, bob: bob.delete(),
    "app": lambda app, bob: app.delete(),
    "organization": lambda app, bob: app.organization.delete(),
}


@pytest.mark.parametrize("what", REMOVALS)
def test_what_is_deleted_mints_nothing(warm: Exchange, deploy_bot: ExchangeApplication, bob: User, what: str) -> None:
    REMOVALS[what](deploy_bot, bob)
    assert warm().status_code in (400, 401)
    assert len(mints()) == 2


def test_a_member_who_left_and_came_back_gets_tokens_again(warm: Exchange, bob: User, acme: Organization) -> None:
    Membership.objects.filter(user=bob).delete()
    assert reason_of(warm()) == "subject_not_member"
    Membership.objects.create(user=bob, organization=acme)
    assert warm().status_code == 200


def test_a_new_member_is_known_at_once(warm: Exchange, acme: Organization) -> None:
    assert reason_of(warm(subject_token="dora@acme.test")) == "subject_unknown"
    factories.make_member(acme, "dora@acme.test")
    assert warm(subject_token="dora@acme.test").status_code == 200


def test_a_new_app_is_known_at_once(warm: Exchange, acme: Organization) -> None:
    claims = {"iss": "0" * 20, "sub": "0" * 20}
    assert warm(claims=claims, key="report-1").status_code == 401
    factories.make_application(acme, "report-bot", client_id="0" * 20, jwks=jwks("report-1"))
    assert warm(claims=claims, key="report-1").status_code == 200


def test_a_new_key_signs_at_once_and_an_old_one_no_longer(warm: Exchange, deploy_bot: ExchangeApplication) -> None:
    assert warm(key="deploy-2").status_code == 401
    by_update("app", deploy_bot.pk, "jwks", jwks("deploy-2"))
    assert warm(key="deploy-2").status_code == 200
    assert warm(key="deploy-1").status_code == 401


def test_a_key_exchanged_under_the_same_key_id_is_the_new_one(warm: Exchange, deploy_bot: ExchangeApplication) -> None:
    by_update("app", deploy_bot.pk, "jwks", {"keys": [public_jwk("deploy-2", kid="deploy-1")]})
    assert warm(key="deploy-1").status_code == 401
    assert warm(key="deploy-2", headers={"kid": "deploy-1"}).status_code == 200


def test_tokens_follow_the_newest_settings(warm: Exchange, deploy_bot: ExchangeApplication) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(
        default_scopes=["read_pipelines"], max_token_ttl=60, token_allowed_ips=["192.0.2.0/24"], name="renamed"
    )
    answer = warm().json()
    assert (answer["scope"], answer["expires_in"]) == ("read_pipelines", 60)
    token = MintedToken.objects.order_by("id").last()
    assert token is not None
    assert (token.scopes, token.allowed_ips) == (["read_pipelines"], ["192.0.2.0/24"])
    event = mints()[-1]
    assert (event.actor_name, event.data["ttl"], event.data["networks"]) == ("renamed", 60, ["192.0.2.0/24"])


def test_a_scope_becomes_grantable_at_once_and_stops_at_once(warm: Exchange, deploy_bot: ExchangeApplication) -> None:
    assert reason_of(warm(scope="write_agents")) == "scope_not_grantable"
    by_update("app", deploy_bot.pk, "grantable_scopes", ["read_builds", "write_agents"])
    assert warm(scope="write_agents").json()["scope"] == "write_agents"
    by_update("app", deploy_bot.pk, "grantable_scopes", ["read_builds"])
    assert reason_of(warm(scope="write_agents")) == "scope_not_grantable"


def test_a_new_address_list_counts_at_once(warm: Exchange, deploy_bot: ExchangeApplication) -> None:
    by_update("app", deploy_bot.pk, "exchange_allowed_ips", ["192.0.2.0/24"])
    assert reason_of(warm()) == "address_not_allowed"
    by_update("app", deploy_bot.pk, "exchange_allowed_ips", ["127.0.0.0/8"])
    assert warm().status_code == 200


def test_a_new_slug_counts_at_once(warm: Exchange, acme: Organization) -> None:
    by_update("organization", acme.pk, "slug", "acme-labs")
    assert reason_of(warm()) == "audience_invalid"
    assert warm(audience="acme-labs").status_code == 200


def test_an_address_that_changes_hands_names_its_new_owner(warm: Exchange, acme: Organization, bob: User) -> None:
    by_update("user", bob.pk, "email", "robert@acme.test")
    newcomer = factories.make_member(acme, "bob@acme.test")
    assert warm().status_code == 200
    assert [event.on_behalf_of_id for event in mints()] == [bob.id, bob.id, newcomer.id]


def test_an_app_that_moves_to_another_organization_mints_there_only(
    warm: Exchange, deploy_bot: ExchangeApplication, mallory: User, globex: Organization
) -> None:
    by_update("app", deploy_bot.pk, "organization_id", globex.pk)
    assert reason_of(warm()) == "audience_invalid"
    assert warm(audience="globex", subject_token=mallory.email).status_code == 200


def test_a_demand_for_jti_counts_at_once(warm: Exchange, acme: Organization) -> None:
    assert warm(claims={"jti": ABSENT}).status_code == 200
    by_update("organization", acme.pk, "require_jti", True)
    assert reason_of(warm(claims={"jti": ABSENT})) == "assertion_jti_missing"


def test_a_raised_exchange_limit_counts_at_once(warm: Exchange, acme: Organization) -> None:
    by_update("organization", acme.pk, "exchange_rate_limit", 2)
    assert warm().status_code == 429
    by_update("organization", acme.pk, "exchange_rate_limit", 10)
    assert warm().status_code == 200


def test_a_refusal_is_recorded_once_although_it_is_tried_twice(warm: Exchange) -> None:
    warm(scope="write_agents")
    assert len(denials()) == 1


def test_no_more_is_kept_than_there_is_room_for(
    warm: Exchange, acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "_MOST_KEPT", 2)
    for number in range(4):
        factories.make_member(acme, f"user{number}@acme.test")
        assert warm(subject_token=f"user{number}@acme.test").status_code == 200
    assert len(standing._subjects._kept) == 2
    assert warm().status_code == 200


def test_a_row_counts_its_version_up_with_every_change(rows: dict[str, object]) -> None:
    for table, column, off, _ in SWITCHES:
        for change in WAYS.values():
            before = MODELS[table].objects.get(pk=rows[table]).version
            change(table, rows[table], column, off)
            assert MODELS[table].objects.get(pk=rows[table]).version > before

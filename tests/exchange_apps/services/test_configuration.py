"""Applying a good configuration file: what it makes, changes, keeps and removes, and what it records."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path

import pytest

from audit.models import AuditEvent
from exchange_apps.models import ExchangeApplication, Membership, Organization, Scope, User
from tests.configurations import ADA, BOB, acme, an_app, apply, document
from tests.keys import jwks

pytestmark = pytest.mark.django_db


def events() -> list[str]:
    return list(AuditEvent.objects.order_by("id").values_list("type", flat=True))


def test_it_creates_everything_with_the_defaults() -> None:
    apply(document(acme()))
    organization = Organization.objects.get(slug="acme")
    assert (organization.name, organization.token_exchange_enabled, organization.require_jti) == (
        "Acme Inc",
        True,
        False,
    )
    assert (organization.exchange_rate_limit, organization.allowed_ips) == (600, [])
    app = organization.applications.get()
    assert (app.name, app.grantable_scopes, app.default_scopes) == (
        "deploy-bot",
        ["read_builds", "write_builds"],
        ["read_builds"],
    )
    assert (app.max_token_ttl, app.max_assertion_lifetime, app.enabled, app.description) == (3600, 300, True, "")
    assert [key.kid for key in app.keys().keys] == ["deploy-1"]
    roles = dict(organization.memberships.values_list("user__email", "role"))
    assert roles == {"ada@acme.test": "owner", "bob@acme.test": "member"}
    assert not User.objects.get(email="bob@acme.test").has_usable_password()


def test_an_organization_without_a_name_is_called_by_its_slug() -> None:
    apply(document({"slug": "acme"}))
    assert Organization.objects.get().name == "acme"


def test_a_second_run_changes_nothing_and_records_nothing() -> None:
    assert apply(document(acme())).changed
    before = events()
    outcome = apply(document(acme()))
    assert not outcome.changed
    assert events() == before
    assert outcome.counts() == {"created": 0, "updated": 0, "unchanged": 4, "deleted": 0}


def test_each_touched_organization_has_one_event_that_names_the_file() -> None:
    content = json.dumps(document(acme(), {"slug": "globex"})).encode()
    apply(content)
    applied = AuditEvent.objects.filter(type="CONFIGURATION_APPLIED").order_by("id")
    assert [event.organization_slug for event in applied] == ["acme", "globex"]
    first = applied[0]
    assert first.data["file_sha256"] == hashlib.sha256(content).hexdigest()
    assert (first.data["created"], first.actor_name, first.context_type) == (4, "apply", "CommandContext")


def test_the_outcome_tells_generated_identifiers() -> None:
    told = apply(document(acme())).as_json()
    app = ExchangeApplication.objects.get()
    shown = told["organizations"][0]["token_exchange_apps"][0]
    assert (shown["uuid"], shown["client_id"], shown["action"]) == (str(app.id), app.client_id, "created")
    member = told["organizations"][0]["members"][0]
    assert (member["email"], member["uuid"], member["role"]) == (
        "ada@acme.test",
        str(User.objects.get(email="ada@acme.test").id),
        "owner",
    )


def test_given_identifiers_are_taken() -> None:
    ids = [str(uuid.uuid4()) for _ in range(3)]
    apply(
        document(
            acme(
                uuid=ids[0],
                members=[ADA | {"uuid": ids[1]}],
                token_exchange_apps=[an_app(uuid=ids[2], client_id="0123456789abcdef0123")],
            )
        )
    )
    assert str(Organization.objects.get().id) == ids[0]
    assert str(User.objects.get().id) == ids[1]
    assert (str(ExchangeApplication.objects.get().id), ExchangeApplication.objects.get().client_id) == (
        ids[2],
        "0123456789abcdef0123",
    )


def test_what_the_file_leaves_out_keeps_its_value() -> None:
    apply(document(acme(exchange_rate_limit=5, token_exchange_apps=[an_app(max_token_ttl=60, description="d")])))
    apply(document({"slug": "acme", "token_exchange_apps": [{"name": "deploy-bot", "jwks": jwks("deploy-1")}]}))
    organization = Organization.objects.get()
    app = organization.applications.get()
    assert (organization.exchange_rate_limit, organization.name) == (5, "Acme Inc")
    assert (app.max_token_ttl, app.description, app.default_scopes) == (60, "d", ["read_builds"])
    assert organization.memberships.count() == 2


def test_a_change_is_shown_before_and_after() -> None:
    apply(document(acme()))
    outcome = apply(document(acme(token_exchange_apps=[an_app(max_token_ttl=60, jwks=jwks("deploy-2"))])))
    app = outcome.organizations[0].applications[0]
    assert app.action == "updated"
    assert app.changes["max_token_ttl"] == {"before": 3600, "after": 60}
    assert [key["kid"] for key in app.changes["jwks"]["after"]] == ["deploy-2"]
    assert outcome.organizations[0].itself.action == "unchanged"


def test_scopes_extend_the_catalogue_and_can_be_granted_by_the_same_file() -> None:
    scope = {"name": "deploy_production", "group": "Deploys", "label": "Deploy", "writes": True}
    app = an_app(grantable_scopes=["deploy_production"], default_scopes=[])
    apply(document(acme(token_exchange_apps=[app]), scopes=[scope]))
    assert Scope.objects.get(name="deploy_production").writes
    assert Scope.objects.filter(name="read_builds").exists()


def test_addresses_of_members_are_compared_without_case() -> None:
    apply(document(acme(members=[ADA])))
    outcome = apply(document(acme(members=[ADA | {"email": "ADA@Acme.Test", "name": "Ada L"}])))
    assert outcome.organizations[0].members[0].changes == {"name": {"before": "Ada", "after": "Ada L"}}
    assert User.objects.count() == 1


def test_a_person_in_two_organizations_is_one_user() -> None:
    apply(document(acme(members=[ADA]), {"slug": "globex", "members": [{"email": "ada@acme.test", "role": "auditor"}]}))
    assert sorted(User.objects.get().memberships.values_list("role", flat=True)) == ["auditor", "owner"]


def test_another_owner_may_take_over_in_the_same_file_whatever_the_order() -> None:
    apply(document(acme()))
    apply(document(acme(members=[ADA | {"role": "member"}, BOB | {"role": "owner"}])))
    roles = dict(Membership.objects.values_list("user__email", "role"))
    assert roles == {"ada@acme.test": "member", "bob@acme.test": "owner"}


def test_keys_may_stand_in_a_file_beside_it(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "jwks.json").write_text(json.dumps(jwks("deploy-1")))
    app = an_app(jwks=None, jwks_file="keys/jwks.json")
    apply(document(acme(token_exchange_apps=[app])), folder=tmp_path)
    assert [key.kid for key in ExchangeApplication.objects.get().keys().keys] == ["deploy-1"]


class TestPasswords:
    FILE = document(acme(members=[ADA | {"password_env": "ADA_PASSWORD"}]))

    def test_a_password_comes_from_the_environment(self) -> None:
        apply(self.FILE, environment={"ADA_PASSWORD": "correct horse battery"})
        assert User.objects.get().check_password("correct horse battery")
        assert "correct horse" not in json.dumps(list(AuditEvent.objects.values_list("data", flat=True)))

    def test_the_same_password_is_no_change(self) -> None:
        for _ in range(2):
            outcome = apply(self.FILE, environment={"ADA_PASSWORD": "correct horse battery"})
        assert not outcome.changed

    def test_another_password_is_set_and_recorded_without_it(self) -> None:
        apply(self.FILE, environment={"ADA_PASSWORD": "correct horse battery"})
        outcome = apply(self.FILE, environment={"ADA_PASSWORD": "staple of another kind"})
        assert User.objects.get().check_password("staple of another kind")
        assert outcome.organizations[0].members[0].changes == {"password": {"before": None, "after": "set"}}
        event = AuditEvent.objects.filter(type="USER_UPDATED").get()
        assert event.data["changes"] == {"password": {"before": None, "after": "set"}}


class TestPlan:
    def test_it_shows_what_would_happen_and_changes_nothing(self) -> None:
        outcome = apply(document(acme()), plan=True)
        assert outcome.changed
        assert not Organization.objects.exists()
        assert not AuditEvent.objects.exists()

    def test_it_tells_no_identifier_that_it_only_made_up(self) -> None:
        told = apply(document(acme()), plan=True).as_json()
        organization = told["organizations"][0]
        assert organization["uuid"] is None
        assert organization["members"][0]["uuid"] is None
        app = organization["token_exchange_apps"][0]
        assert (app["uuid"], app["client_id"], app["changes"]["client_id"]["after"]) == (None, None, None)

    def test_it_is_empty_when_all_is_as_it_should_be(self) -> None:
        apply(document(acme()))
        assert not apply(document(acme()), plan=True).changed


class TestPrune:
    def test_without_it_nothing_is_removed(self) -> None:
        apply(document(acme(), {"slug": "globex"}))
        apply(document(acme(members=[], token_exchange_apps=[])))
        assert Organization.objects.count() == 2
        assert (Membership.objects.count(), ExchangeApplication.objects.count()) == (2, 1)

    def test_an_organization_loses_the_members_and_apps_that_are_not_named(self) -> None:
        apply(document(acme(token_exchange_apps=[an_app(), an_app(name="old")])))
        outcome = apply(document(acme(prune=True, members=[ADA])))
        assert list(Membership.objects.values_list("user__email", flat=True)) == ["ada@acme.test"]
        assert list(ExchangeApplication.objects.values_list("name", flat=True)) == ["deploy-bot"]
        assert User.objects.filter(email="bob@acme.test").exists(), "the person may belong elsewhere"
        gone = [entry.names for entry in outcome.organizations[0].entries() if entry.action == "deleted"]
        assert [names.get("email") or names["name"] for names in gone] == ["bob@acme.test", "old"]
        assert {"ORGANIZATION_MEMBER_DELETED", "TOKEN_EXCHANGE_APP_DELETED"} <= set(events())

    def test_a_list_that_is_not_given_is_left_alone(self) -> None:
        apply(document(acme()))
        apply(document({"slug": "acme", "prune": True}))
        assert (Membership.objects.count(), ExchangeApplication.objects.count()) == (2, 1)

    def test_a_new_app_may_take_over_the_client_id_of_a_removed_one(self) -> None:
        apply(document(acme(token_exchange_apps=[an_app(client_id="0" * 20)])))
        apply(document(acme(prune=True, token_exchange_apps=[an_app(name="new", client_id="0" * 20)])))
        assert ExchangeApplication.objects.get().name == "new"

    def test_organizations_that_are_not_named_go_with_all_they_have(self) -> None:
        apply(document(acme(), {"slug": "globex"}))
        outcome = apply(document({"slug": "globex"}, prune=True))
        assert list(Organization.objects.values_list("slug", flat=True)) == ["globex"]
        assert not ExchangeApplication.objects.exists()
        assert outcome.organizations[-1].as_json()["action"] == "deleted"
        assert events()[-5:] == [
            "TOKEN_EXCHANGE_APP_DELETED",
            "ORGANIZATION_MEMBER_DELETED",
            "ORGANIZATION_MEMBER_DELETED",
            "ORGANIZATION_DELETED",
            "CONFIGURATION_APPLIED",
        ]

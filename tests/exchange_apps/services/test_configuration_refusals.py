"""A file that is wrong somewhere: every problem with its place, all at once, and nothing applied."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from audit.models import AuditEvent
from exchange_apps.models import Organization, Role
from tests import factories
from tests.configurations import ADA, BOB, acme, an_app, apply, document, refusals
from tests.keys import jwks, private_key

pytestmark = pytest.mark.django_db
APP = "organizations[0].token_exchange_apps[0]"
ONE_OWNER = "An organization keeps at least one active owner."


@pytest.mark.parametrize(
    ("file", "place", "sentence"),
    [
        ({"version": 2}, "version", "This must be 1: it is the only version of the format so far."),
        ({}, "version", "This key is required."),
        (document(5), "organizations[0]", "This must be a mapping of keys to values."),
        (document({}), "organizations[0].slug", "This key is required."),
        (document(acme(nme="x")), "organizations[0].nme", "There is no such key here; did you mean name?"),
        (document(acme(zzzz="x")), "organizations[0].zzzz", "There is no such key here."),
        (
            document(acme(resource_servers=[])),
            "organizations[0].resource_servers",
            "This version cannot apply resource_servers yet; leave the key out.",
        ),
        (document(acme(name=5)), "organizations[0].name", "This must be text. Put it into quotes."),
        (document(acme(require_jti="yes")), "organizations[0].require_jti", "This must be true or false."),
        (
            document(acme(exchange_rate_limit=-1)),
            "organizations[0].exchange_rate_limit",
            "This must be from 0 to 1000000.",
        ),
        (
            document(acme(exchange_rate_limit=True)),
            "organizations[0].exchange_rate_limit",
            "This must be a whole number.",
        ),
        (document(acme(members={})), "organizations[0].members", "This must be a list."),
        (document(acme(name="n" * 201)), "organizations[0].name", "This is longer than 200 characters."),
        (
            document(acme(members=[ADA | {"role": "boss"}])),
            "organizations[0].members[0].role",
            "This must be one of owner, admin, auditor, member.",
        ),
        (
            document(acme(members=[ADA | {"email": "ada"}])),
            "organizations[0].members[0].email",
            "This must be an e-mail address such as ada@acme.test.",
        ),
        (
            document(acme(members=[ADA | {"password_env": "NOT_THERE"}])),
            "organizations[0].members[0].password_env",
            "The environment variable NOT_THERE is not set.",
        ),
        (document({"slug": str(uuid.uuid4())}), "organizations[0].slug", "A slug must not look like a UUID."),
        (
            document({"slug": "Acme!"}),
            "organizations[0].slug",
            "This must be a-z, 0-9 and hyphens inside, such as acme-tools.",
        ),
        (
            document(acme(allowed_ips=["10.0.0.0/8", "10.0.0.1/8"])),
            "organizations[0].allowed_ips[1]",
            "10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?",
        ),
    ],
)
def test_what_is_wrong_is_named_in_its_place(file: dict[str, Any], place: str, sentence: str) -> None:
    assert refusals(file) == {place: sentence}
    assert not Organization.objects.exists()


@pytest.mark.parametrize(
    ("changes", "place", "sentence"),
    [
        ({"max_token_ttl": 29}, "max_token_ttl", "This must be from 30 to 86400."),
        ({"max_assertion_lifetime": 3601}, "max_assertion_lifetime", "This must be from 60 to 3600."),
        ({"client_id": "ABC"}, "client_id", "This must be 20 lower-case hexadecimal digits."),
        ({"grantable_scopes": None}, "grantable_scopes", "A new app needs at least one scope that it may grant."),
        (
            {"grantable_scopes": ["read_bilds"]},
            "grantable_scopes[0]",
            "There is no scope 'read_bilds'; did you mean read_builds?",
        ),
        ({"default_scopes": ["read_agents"]}, "default_scopes", "Not among the grantable scopes: read_agents."),
        ({"jwks": None}, "jwks", "Give the keys exactly once: as jwks, jwks_file or jwks_uri."),
        ({"jwks_file": "x"}, "jwks", "Give the keys exactly once: as jwks, jwks_file or jwks_uri."),
        (
            {"jwks": None, "jwks_file": "no.json"},
            "jwks_file",
            "The file 'no.json' cannot be read: No such file or directory.",
        ),
        (
            {"exchange_allowed_ips": ["x"]},
            "exchange_allowed_ips[0]",
            "'x' is no address or range such as 10.0.0.0/8 or 2001:db8::/32.",
        ),
    ],
)
def test_what_is_wrong_with_an_app_is_named_in_its_place(changes: dict[str, Any], place: str, sentence: str) -> None:
    found = refusals(document(acme(token_exchange_apps=[an_app(**changes)])))
    assert found == {f"{APP}.{place}": sentence}


def test_every_problem_of_a_key_set_is_named() -> None:
    good = jwks("deploy-1")["keys"][0]
    keys = [good, {**good, "kid": "short", "n": "AQAB"}, {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"}]
    found = refusals(document(acme(token_exchange_apps=[an_app(jwks={"keys": keys})])))
    assert set(found) == {f"{APP}.jwks.keys[1]", f"{APP}.jwks.keys[2]"}
    assert "c2VjcmV0" not in str(found)


def test_a_private_key_in_a_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    pem = private_key("deploy-1").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "jwks.json").write_bytes(pem)
    app = an_app(jwks=None, jwks_file="jwks.json")
    found = refusals(document(acme(token_exchange_apps=[app])), folder=tmp_path)
    assert set(found) == {f"{APP}.jwks_file"}
    assert "private key" in found[f"{APP}.jwks_file"]
    assert pem.decode().splitlines()[1] not in str(found)


def test_everything_is_reported_at_once_and_nothing_is_applied() -> None:
    bad = acme(nme="x", members=[ADA, BOB | {"role": "boss"}], token_exchange_apps=[an_app(max_token_ttl=1)])
    other = {"slug": "globex", "allowed_ips": ["x"]}
    assert set(refusals(document(bad, other))) == {
        "organizations[0].nme",
        "organizations[0].members[1].role",
        f"{APP}.max_token_ttl",
        "organizations[1].allowed_ips[0]",
    }
    assert not Organization.objects.exists()
    assert not AuditEvent.objects.exists()


def test_names_that_stand_in_the_file_twice_are_refused() -> None:
    app = an_app(client_id="0" * 20)
    first = acme(members=[ADA, ADA | {"email": "ADA@acme.test"}], token_exchange_apps=[app, app])
    found = refusals(document(first, {"slug": "acme"}, scopes=[{"name": "x"}, {"name": "x"}]))
    assert found == {
        "organizations[0].members[1].email": "ada@acme.test stands at organizations[0].members[0] already.",
        f"{APP[:-3]}[1].name": f"deploy-bot stands at {APP} already.",
        f"{APP[:-3]}[1].client_id": f"{'0' * 20} stands at {APP} already.",
        "organizations[1].slug": "acme stands at organizations[0] already.",
        "scopes[1].name": "x stands at scopes[0] already.",
    }


def test_one_person_cannot_be_described_in_two_ways() -> None:
    other = {"slug": "globex", "members": [{"email": "ada@acme.test", "name": "Ada B"}]}
    assert refusals(document(acme(members=[ADA]), other)) == {
        "organizations[1].members[0].name": "organizations[0].members[0] says otherwise of the same person."
    }


def test_a_client_id_of_another_app_is_refused(globex: Organization) -> None:
    factories.make_application(globex, client_id="0" * 20, jwks=jwks("globex-1"))
    found = refusals(document(acme(token_exchange_apps=[an_app(client_id="0" * 20)])))
    assert found == {f"{APP}.client_id": "Another app has this client id already."}


def test_a_uuid_never_changes() -> None:
    apply(document(acme()))
    organization = Organization.objects.get()
    found = refusals(document(acme(uuid=str(uuid.uuid4()))))
    assert found == {"organizations[0].uuid": f"The UUID is {organization.id} and never changes."}


def test_a_uuid_of_another_one_is_refused(globex: Organization) -> None:
    found = refusals(document(acme(uuid=str(globex.id))))
    assert found == {"organizations[0].uuid": "This UUID belongs to another one already."}


@pytest.mark.parametrize("change", [{"role": "admin"}, {"active": False}])
def test_the_last_owner_stays(change: dict[str, Any]) -> None:
    apply(document(acme()))
    assert refusals(document(acme(members=[ADA | change]))) == {"organizations[0].members[0]": ONE_OWNER}


def test_the_last_owner_is_not_pruned(acme: Organization) -> None:
    factories.make_member(acme, "olga@acme.test", Role.OWNER)
    found = refusals(document({"slug": "acme", "prune": True, "members": [BOB]}))
    assert found == {"organizations[0].members": ONE_OWNER}
    assert acme.memberships.count() == 1


def test_a_weak_password_is_refused() -> None:
    file = document(acme(members=[ADA | {"password_env": "ADA_PASSWORD"}]))
    found = refusals(file, environment={"ADA_PASSWORD": "password"})
    assert list(found) == ["organizations[0].members[0].password_env"]
    assert "too common" in found["organizations[0].members[0].password_env"]


def test_a_plan_is_refused_for_the_same_reasons() -> None:
    assert refusals(document(acme(nme="x")), plan=True) == refusals(document(acme(nme="x")))


def test_problems_are_sorted_by_their_place() -> None:
    many = document(*({"slug": f"o{number}", "nme": 1} for number in range(12)))
    assert list(refusals(many)) == [f"organizations[{number}].nme" for number in range(12)]


def test_the_published_schema_is_the_code() -> None:
    from exchange_apps.management.commands.apply import schema_text

    published = Path(__file__).resolve().parents[3] / "docs" / "configuration.schema.json"
    assert published.read_text() == schema_text(), "run: manage.py apply --schema > docs/configuration.schema.json"
    assert json.loads(schema_text())["$schema"] == "https://json-schema.org/draft/2020-12/schema"

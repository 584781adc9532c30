"""What is done through the API: recorded as its person's, conditional where asked, and undone as on screen."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from audit.identifiers import uuid7
from audit.models import AuditEvent
from exchange_apps.models import Invitation, MintedToken, Organization, User
from oidc_issuer.models import Cluster, Job, Pipeline, Queue
from tests import factories
from tests.conftest import statements
from tests.exchange_apps.api.conftest import ACME, Call, Mint
from tests.exchange_apps.api.stage import AN_APP, fill

APPS = f"{ACME}/token-exchange-apps"
pytestmark = pytest.mark.usefixtures("no_limits")


@pytest.fixture
def token(olga: User, bearer: Mint) -> str:
    return bearer(olga)


@pytest.fixture
def names(acme: Organization) -> dict[str, str]:
    return fill(acme)


def test_an_app_lives_from_creation_to_its_return(token: str, send: Call) -> None:
    made = send("POST", APPS, token, AN_APP)
    assert made.status_code == 201, made.content
    address = f"{APPS}/{made.json()['uuid']}"
    assert send("GET", address, token).json() == made.json()
    assert send("POST", f"{address}/disable", token).json()["enabled"] is False
    assert send("POST", f"{address}/enable", token).json()["enabled"] is True
    (key,) = send("GET", f"{address}/keys", token).json()["items"]
    assert send("POST", f"{address}/keys/{key['uuid']}/off", token).json()["revoked_tokens"] == 0
    assert send("POST", f"{address}/keys/{key['uuid']}/on", token).json()["switched_off_at"] is None
    assert send("DELETE", address, token).status_code == 204
    assert send("GET", address, token).status_code == 404
    (gone,) = send("GET", f"{APPS}?deleted=true", token).json()["items"]
    assert gone["uuid"] == made.json()["uuid"]
    back = send("POST", f"{address}/restore", token, {"name": "returned"}).json()
    assert (back["name"], back["enabled"], back["deleted_at"]) == ("returned", False, None)
    events = AuditEvent.objects.filter(actor_name="olga@acme.test", context_type="APIContext").order_by("id")
    assert [event.type.removeprefix("TOKEN_EXCHANGE_APP_") for event in events] == [
        "CREATED", "UPDATED", "UPDATED", "KEY_SWITCHED_OFF", "KEY_SWITCHED_ON", "DELETED", "RESTORED",
    ]  # fmt: skip


CONDITIONAL: list[tuple[str, str, dict[str, Any]]] = [
    ("", "name", {"name": "Acme Limited"}),
    ("/token-exchange-apps/{app_id}", "description", {"description": "changed"}),
    ("/members/{user_id}", "active", {"active": False}),
    ("/pipelines/{pipeline}", "name", {"name": "changed"}),
    ("/clusters/{cluster_id}", "name", {"name": "changed"}),
]


@pytest.mark.parametrize(("below", "field", "change"), CONDITIONAL)
def test_a_write_may_depend_on_what_was_read(
    token: str, names: dict[str, str], send: Call, below: str, field: str, change: dict[str, Any]
) -> None:
    address = ACME + below.format(**names)
    read = send("GET", address, token)
    assert send("GET", address, token, if_none_match=read["ETag"]).status_code == 304
    changed = send("PATCH", address, token, change, if_match=read["ETag"])
    assert (changed.status_code, changed.json()[field]) == (200, change[field])
    assert changed["ETag"] == send("GET", address, token)["ETag"]
    late = send("PATCH", address, token, {field: read.json()[field]}, if_match=read["ETag"])
    assert late.status_code == 412
    assert send("GET", address, token).json()[field] == change[field]


@pytest.mark.parametrize(("below", "field", "change"), CONDITIONAL)
def test_nothing_new_is_no_change(
    token: str, names: dict[str, str], send: Call, below: str, field: str, change: dict[str, Any]
) -> None:
    address = ACME + below.format(**names)
    before, events = send("GET", address, token).json(), AuditEvent.objects.count()
    for body in ({}, {field: before[field]}):
        answer = send("PATCH", address, token, body)
        assert (answer.status_code, answer.json()) == (200, before)
    assert AuditEvent.objects.count() == events


def test_a_new_source_of_keys_takes_the_other_away(token: str, names: dict[str, str], send: Call) -> None:
    address = f"{APPS}/{names['app_id']}"
    there = send("PATCH", address, token, {"jwks_uri": "https://keys.invalid/jwks"}).json()
    assert (there["jwks"], there["jwks_uri"]) == (None, "https://keys.invalid/jwks")
    fetched = send("POST", f"{address}/fetch", token).json()
    assert (fetched["fetched"], fetched["succeeded"]) == (True, False)
    back = send("PATCH", address, token, {"jwks": AN_APP["jwks"]}).json()
    assert back["jwks_uri"] is None
    assert [key["kid"] for key in back["jwks"]["keys"]] == ["deploy-1"]


def test_tokens_are_found_by_whose_they_are_and_ended_together(
    token: str, names: dict[str, str], send: Call, acme: Organization
) -> None:
    tokens = f"{ACME}/tokens"
    for query, found in (
        ("state=live", 2), ("state=revoked", 0), (f"app={names['app_id']}", 1), ("user=STAGED@acme.test", 1),
        ("user=staged@acme.test&key_id=other", 0), ("user=nobody@acme.test", 0), (f"app={acme.pk}", 0),
    ):  # fmt: skip
        assert len(send("GET", f"{tokens}?{query}", token).json()["items"]) == found, query
    for query in ("state=x", "usr=staged@acme.test", "user=%00", "per_page=0"):
        assert send("GET", f"{tokens}?{query}", token).status_code == 400, query
    for query in ("", "?user=", "?usr=staged@acme.test", "?user=staged@acme.test&ap=x"):
        assert send("DELETE", f"{tokens}{query}", token).status_code == 400, query
    assert send("DELETE", f"{tokens}?user=staged@acme.test", token).json() == {"revoked": 1}
    assert MintedToken.objects.get(pk=names["token_id"]).revoked_at is not None
    assert send("GET", f"{tokens}/{names['token_id']}", token).json()["state"] == "revoked"


def test_members_see_and_end_their_own_tokens(bob: User, bearer: Mint, names: dict[str, str], send: Call) -> None:
    own = bearer(bob)
    (shown,) = send("GET", f"{ACME}/tokens", own).json()["items"]
    assert shown["user"]["email"] == bob.email
    assert send("GET", f"{ACME}/tokens?user=staged@acme.test", own).json()["items"] == []
    assert send("DELETE", f"{ACME}/tokens/{shown['uuid']}", own).status_code == 204
    assert send("GET", f"{ACME}/tokens", own).status_code == 401


def test_what_makes_or_unmakes_an_owner_is_the_owners_affair(
    olga: User, alice: User, bearer: Mint, names: dict[str, str], send: Call
) -> None:
    admin, owner = bearer(alice), bearer(olga)
    staged, owners = f"{ACME}/members/{names['user_id']}", f"{ACME}/members/{olga.pk}"
    assert send("PATCH", staged, admin, {"role": "owner"}).status_code == 403
    assert send("PATCH", owners, admin, {"role": "member"}).status_code == 403
    assert send("DELETE", owners, admin).status_code == 403
    assert send("POST", f"{ACME}/invitations", admin, {"email": "x@acme.test", "role": "owner"}).status_code == 403
    last = send("PATCH", owners, owner, {"role": "member"})
    assert (last.status_code, last.json()["message"]) == (422, "An organization keeps at least one active owner.")
    assert send("PATCH", staged, owner, {"role": "owner"}).status_code == 200
    assert send("DELETE", owners, owner).status_code == 204
    assert send("GET", f"{ACME}/members", owner).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_an_invitation_is_a_letter_and_never_an_answer(token: str, send: Call) -> None:
    made = send("POST", f"{ACME}/invitations", token, {"email": "New@acme.test", "role": "auditor"})
    assert (made.status_code, made.json()["email"], made.json()["state"]) == (201, "new@acme.test", "pending")
    link = next(word for word in str(mail.outbox[0].body).split() if word.startswith("http"))
    assert link.rstrip("/").rsplit("/", 1)[1] not in made.content.decode()
    again = send("POST", f"{ACME}/invitations", token, {"email": "new@acme.test"})
    assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "email")
    address = f"{ACME}/invitations/{made.json()['uuid']}"
    assert send("POST", f"{address}/resend", token).status_code == 200
    assert send("DELETE", address, token).status_code == 204
    assert not Invitation.objects.exists()


def test_lists_ask_the_database_as_often_for_many_rows_as_for_one(
    acme: Organization, token: str, names: dict[str, str], send: Call
) -> None:
    lists = ["token-exchange-apps", "members", "invitations", "tokens", "pipelines", "clusters", "jobs"]

    def asked(name: str) -> int:
        with statements() as texts:
            assert send("GET", f"{ACME}/{name}", token).status_code == 200
        return len(texts)

    before = {name: asked(name) for name in lists}
    _more_of_everything(acme)
    assert {name: asked(name) for name in lists} == before


def _more_of_everything(organization: Organization) -> None:
    """Three of each, with rows of their own to refer to."""
    token, job, now = MintedToken.objects.get(last_four="abcd"), Job.objects.get(), timezone.now()
    for number in range(3):
        name = f"more-{number}"
        app = factories.make_application(organization, name)
        user = factories.make_member(organization, f"{name}@acme.test")
        Invitation.objects.create(
            organization=organization, email=f"{name}@x.test", digest=user.pk.bytes, invited_by=user, expires_at=now
        )
        cluster = Cluster.objects.create(organization=organization, name=name)
        queue = Queue.objects.create(cluster=cluster, key=name)
        pipeline = Pipeline.objects.create(organization=organization, slug=name, name=name, cluster=cluster)
        token.pk, token.digest, token.application, token.user = uuid7(), user.pk.bytes, app, user
        token.save(force_insert=True)
        job.pk, job.token_digest, job.pipeline, job.queue = uuid7(), user.pk.bytes, pipeline, queue
        job.save(force_insert=True)

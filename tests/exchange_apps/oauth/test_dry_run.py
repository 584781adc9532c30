"""A dry run foretells, check by check, what the endpoint is about to answer, and leaves nothing behind."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from audit.origin import RequestOrigin, parsed_address
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.pasted_exchange import PastedRequest, parse_pasted
from exchange_apps.models import ExchangeApplication, MintedToken, Organization, RateWindow, UsedAssertion, User
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.dry_run import Foretold, foretell_exchange
from exchange_apps.sign_in import user_party
from tests import factories
from tests.conftest import Exchange, denials, good_form
from tests.exchange_apps.oauth.test_denials import BY_NAME, Stage, stage  # noqa: F401 - a fixture
from tests.keys import jwks, sign_assertion

D = DenialReason
# Nothing foretells these: our own mistakes, and a disk that is full in a moment
UNFORESEEN = {D.INTERNAL_ERROR, D.DATABASE_UNAVAILABLE}


def foretell(pasted: PastedRequest, organization: Organization, person: User, address: str = "127.0.0.1") -> Foretold:
    author = Author(user_party(person), RequestOrigin(None, "", ""), timezone.now())
    return foretell_exchange(pasted, organization=organization.ref(), address=parsed_address(address), author=author)


@pytest.fixture
def foretold(stage: Stage, alice: User, monkeypatch: pytest.MonkeyPatch) -> list[Foretold]:  # noqa: F811
    """A dry run of each request just before the endpoint gets it; the last is that of the row."""
    runs: list[Foretold] = []
    really = Client.generic

    def watched(client: Client, method: str, path: str, data: Any = b"", content_type: str = "", **extra: Any) -> Any:
        if path == "/oauth/token" and content_type:
            body = data.decode() if isinstance(data, bytes) else data
            lines = [f"{method} {path} HTTP/1.1", f"Content-Type: {content_type}"]
            lines += ["Authorization: Basic Ym90OnNlY3JldA=="] if "HTTP_AUTHORIZATION" in extra else []
            pasted = parse_pasted("\n".join([*lines, "", body]))
            assert isinstance(pasted, PastedRequest)
            runs.append(foretell(pasted, stage.organization, alice))
        return really(client, method, path, data, content_type, **extra)

    monkeypatch.setattr(Client, "generic", watched)
    return runs


@pytest.mark.parametrize("name", [name for name, row in BY_NAME.items() if row.reason not in UNFORESEEN])
def test_the_receipt_is_the_one_the_endpoint_writes_a_moment_later(
    stage: Stage,  # noqa: F811
    foretold: list[Foretold],
    name: str,
    time_machine: Any,
) -> None:
    time_machine.move_to(int(time.time()), tick=False)
    row = BY_NAME[name]
    if row.reason is D.METHOD_NOT_ALLOWED:
        pasted = parse_pasted("GET /oauth/token HTTP/1.1\nHost: cf.test\n\n")
        assert isinstance(pasted, PastedRequest)
        foretold.append(foretell(pasted, stage.organization, stage.bob))
    response = row.ask(stage)
    run = foretold[-1]
    assert run.denial is not None
    assert (run.denial.reason, run.denial.code, run.denial.status) == (row.reason, row.error, row.status)
    assert run.denial.description == response.json()["error_description"]
    for event in AuditEvent.objects.filter(request_id=response.json()["request_id"], type="TOKEN_EXCHANGE_DENIED"):
        assert run.receipt.as_json() == event.data["receipt"]


def whole(client_id: str, **changes: Any) -> PastedRequest:
    return PastedRequest(tuple(good_form(client_id, **changes).items()))


def test_a_good_exchange_is_foretold_with_its_scopes_and_lifetime(
    acme: Organization, deploy_bot: ExchangeApplication, alice: User, bob: User
) -> None:
    run = foretell(whole(deploy_bot.client_id), acme, alice)
    assert run.denial is None
    assert run.grant is not None
    assert run.subject is not None
    assert (run.grant.scopes.render(), run.subject.name) == ("read_builds", "bob@acme.test")
    assert all(row.passed for row in run.receipt.rows)


def test_nothing_is_minted_used_up_or_spent(
    acme: Organization, deploy_bot: ExchangeApplication, alice: User, bob: User, exchange: Exchange
) -> None:
    assertion = sign_assertion(deploy_bot.client_id)
    foretell(whole(deploy_bot.client_id, client_assertion=assertion), acme, alice)
    foretell(whole(deploy_bot.client_id, scope="write_agents"), acme, alice)
    foretell(whole(deploy_bot.client_id, key="stranger", headers={"kid": "deploy-1"}), acme, alice)
    assert not denials()
    assert not any(model.objects.exists() for model in (MintedToken, UsedAssertion, RateWindow))
    assert exchange(client_assertion=assertion).status_code == 200


def test_it_is_in_the_log_with_person_app_and_outcome_and_no_more(
    acme: Organization, deploy_bot: ExchangeApplication, alice: User, bob: User
) -> None:
    foretell(whole(deploy_bot.client_id, audience="globex"), acme, alice)
    event = AuditEvent.objects.get()
    assert (event.type, event.outcome, event.reason) == ("EXCHANGE_DRY_RUN", "denied", "audience_invalid")
    assert (event.actor_id, event.subject_id, event.data) == (alice.pk, deploy_bot.pk, {})


def test_an_app_of_another_organization_is_unknown_as_to_a_stranger(
    acme: Organization, globex: Organization, alice: User, bob: User
) -> None:
    theirs = factories.make_application(globex, "theirs", jwks=jwks("theirs"))
    known = foretell(whole(theirs.client_id, key="theirs"), acme, alice)
    unknown = foretell(whole("0" * 20, key="theirs"), acme, alice)
    assert known.denial is not None
    assert known.denial.reason is D.CLIENT_UNKNOWN
    assert (known.receipt.as_json(), known.application) == (unknown.receipt.as_json(), unknown.application)
    assert "theirs" not in json.dumps([event.data | {"n": event.subject_name} for event in AuditEvent.objects.all()])


@pytest.mark.parametrize("address", ["10.0.0.7", "192.0.2.1"])
def test_the_chosen_address_is_checked(
    acme: Organization, deploy_bot: ExchangeApplication, alice: User, bob: User, address: str
) -> None:
    ExchangeApplication.objects.filter(pk=deploy_bot.pk).update(exchange_allowed_ips=["10.0.0.0/8"])
    run = foretell(whole(deploy_bot.client_id), acme, alice, address)
    assert (run.denial is None) == (address == "10.0.0.7")

"""Every mistake with a foreign token, in every wire shape: heard by the caller, named in the log."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import IdentityProvider, MintedToken, Organization
from tests.conftest import denials, statements
from tests.exchange_apps.workloads.conftest import IN_EVERY_SHAPE, SHAPES, SaveProvider, Send, Shape
from tests.exchange_apps.workloads.mistakes import MISTAKES, UNVERIFIED, D, Mistake
from tests.oidc_issuer_host import Issuer

NAMED = [shape for shape in SHAPES if shape.name in ("exchange_named", "client_credentials", "jwt_bearer", "buddy")]


def matches(pattern: str, text: str) -> bool:
    assert pattern == text or re.fullmatch(pattern, text), (pattern, text)
    return True


def heard(response: Any, shape: Shape) -> tuple[str, str]:
    """The sentence and the code; Buddy's envelope has no code."""
    body = response.json()
    return (body["errors"][0]["message"], "") if shape.name == "buddy" else (body["error_description"], body["error"])


@IN_EVERY_SHAPE
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_is_refused_and_named(
    send: Send, issuer: Issuer, provider: IdentityProvider, mistake: Mistake, shape: Shape
) -> None:
    mistake.before(provider)
    response = send(mistake.token(issuer), shape=shape)
    assert response.status_code == mistake.status, response.content
    sentence, code = heard(response, shape)
    assert sentence.startswith(mistake.sentence) or matches(mistake.sentence, sentence.replace(' "main of shop"', ""))
    assert code in ("", shape.refusal if mistake.error == "sent" else mistake.error)
    assert not MintedToken.objects.exists()
    events = AuditEvent.objects.filter(request_id=response["X-Request-Id"])
    if mistake.log == "line":
        assert not events
        return
    event = events.get()
    observed = mistake.reason is D.PROVIDER_OBSERVES
    assert event.type == ("TOKEN_EXCHANGE_OBSERVED" if observed else "TOKEN_EXCHANGE_DENIED")
    assert (event.reason, event.actor_name, event.organization_slug) == (mistake.reason.value, "ci", "acme")
    assert event.key_id == ("" if mistake.log == "tally" else "issuer-1")
    last = event.data["receipt"][-1]
    assert (last["check"], last["passed"]) == (mistake.last, False)
    assert matches(mistake.expected, last["expected"])
    assert matches(mistake.seen, last["seen"])


@IN_EVERY_SHAPE
def test_an_issuer_nobody_trusts_sounds_like_a_bad_signature(
    send: Send, provider: IdentityProvider, issuer: Issuer, shape: Shape
) -> None:
    token = issuer.id_token(iss="https://elsewhere.test", key="stranger")
    IdentityProvider.objects.all().delete()
    response = send(token, shape=shape)
    assert (response.status_code, heard(response, shape)[0]) == (400, UNVERIFIED)
    assert not denials()


@pytest.mark.parametrize("shape", NAMED, ids=lambda shape: shape.name)
def test_a_provider_that_is_named_must_be_the_tokens_and_enabled(
    send: Send, provider: IdentityProvider, shape: Shape
) -> None:
    response = send(shape=shape, claims={"iss": "https://elsewhere.test"})
    assert "`iss` claim is not the identity provider's issuer" in heard(response, shape)[0]
    assert (denials()[-1].reason, denials()[-1].data["receipt"][-1]["seen"]) == (
        D.TOKEN_ISSUER.value,
        "https://elsewhere.test",
    )
    IdentityProvider.objects.update(enabled=False)
    response = send(shape=shape)
    assert (response.status_code, denials()[-1].reason) == (401, D.PROVIDER_DISABLED.value)


@pytest.mark.parametrize("name", ["", "ci", "0" * 36, "01999999-aaaa-7bbb-8ccc-dddddddddddd", "x" * 40])
def test_a_provider_that_is_not_there_is_named_in_vain(send: Send, name: str) -> None:
    response = send(shape=SHAPES[2], client_id=name)
    assert response.json()["error"] == ("invalid_grant" if name else "invalid_request")


@IN_EVERY_SHAPE
def test_a_token_is_good_once(send: Send, issuer: Issuer, shape: Shape) -> None:
    token = issuer.id_token()
    assert send(token, shape=shape).status_code == 200
    refused = send(token, shape=shape)
    assert (refused.status_code, heard(refused, shape)[0]) == (400, "The token has already been used (jti)")
    assert denials()[-1].reason == D.TOKEN_REPLAYED.value


def test_a_refusal_uses_no_jti_up(send: Send, issuer: Issuer) -> None:
    token = issuer.id_token()
    assert send(token, scope="write_agents").json()["error"] == "invalid_scope"
    assert send(token).status_code == 200


def test_every_statement_tried_is_in_the_receipt(save_provider: SaveProvider, send: Send) -> None:
    statements = [
        {"name": "release", "scopes": ["read_builds"], "claims": {"sub": {"matches": "repo:acme/shop:environment:*"}}},
        {"scopes": ["read_builds"], "claims": {"oidc.example/project-id": "7", "sub": {"matches": "repo:**"}}},
        {"scopes": ["read_builds"], "claims": {"groups": {"in": ["deployers"]}}},
    ]
    save_provider(IdentityProvider.objects.get(), policy=statements)
    refused = send(claims={"oidc.example/project-id": "8", "groups": ["readers", "writers"]})
    assert refused.json()["error_description"] == "No statement of the trust policy accepts the token"
    rows = [row for row in denials()[-1].data["receipt"] if row["check"] == "statement"]
    assert [(row["passed"], row["expected"], row["seen"]) for row in rows] == [
        (
            False,
            'statement 1 "release": sub matches "repo:acme/shop:environment:*"',
            '"repo:acme/shop:ref:refs/heads/main"',
        ),
        (False, 'statement 2: oidc.example/project-id equals "7"', '"8"'),
        (False, 'statement 3: groups in "deployers"', '["readers", "writers"]'),
    ]


def test_nothing_that_looks_like_a_credential_is_kept(save_provider: SaveProvider, send: Send) -> None:
    save_provider(IdentityProvider.objects.get(), policy=[{"scopes": ["read_builds"], "claims": {"secret": "x"}}])
    send(claims={"secret": "ghp_" + "a" * 36})
    assert "ghp_" not in str(denials()[-1].data)
    assert "[redacted]" in str(denials()[-1].data)


def test_strangers_cause_as_many_look_ups_whatever_they_send(send: Send, issuer: Issuer, acme: Organization) -> None:
    sent: dict[str, Callable[[], str]] = {
        "known, forged": lambda: issuer.id_token(key="stranger", headers={"kid": "issuer-1"}),
        "unknown issuer": lambda: issuer.id_token(iss="https://elsewhere.test"),
        "garbage": lambda: "a.b.c",
    }
    assert send().status_code == 200
    counts = {}
    for _ in range(2):  # the first refusal of a minute writes its event
        for name, token in sent.items():
            with statements() as texts:
                assert send(token(), shape=SHAPES[2] if name == "garbage" else SHAPES[0]).status_code == 400
            counts[name] = len([text for text in texts if text.startswith("SELECT") and "identityprovider" in text])
    assert counts["known, forged"] == counts["unknown issuer"] == counts["garbage"]


def test_a_request_that_is_malformed_says_how(send: Send, client: Client) -> None:
    assert send(client_id="x", assertion="", shape=SHAPES[3]).json()["error_description"].endswith("missing: assertion")
    assert send(scope="a\\b").json()["error"] == "invalid_scope"
    assert send(expires_in="soon").json()["error"] == "invalid_request"
    assert send(extra={"HTTP_AUTHORIZATION": "Bearer x"}).json()["error"] == "invalid_request"
    assert send(requested_token_type="urn:ietf:params:oauth:token-type:saml2").status_code == 400
    assert send(audience="").json()["error_description"].endswith("missing: audience")

"""What callers send: anything at all is answered, and a refusal says what is wrong where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.models import AuditEvent
from exchange_apps.models import Organization, User
from tests.exchange_apps.api.conftest import ACME, Call, Mint
from tests.exchange_apps.api.routes import BELOW
from tests.exchange_apps.api.stage import AN_APP, bodies, fill

APPS = f"{ACME}/token-exchange-apps"
pytestmark = pytest.mark.usefixtures("no_limits")

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=8,
)
FORMS = sorted(bodies())


@pytest.fixture
def token(olga: User, bearer: Mint) -> str:
    return bearer(olga)


@pytest.fixture
def names(acme: Organization) -> dict[str, str]:
    return fill(acme)


@settings(max_examples=150)
@given(data=st.data())
def test_whatever_is_sent_is_answered(token: str, names: dict[str, str], send: Call, data: st.DataObject) -> None:
    method, below = data.draw(st.sampled_from(FORMS))
    good = bodies()[method, below]
    fields = data.draw(st.dictionaries(st.sampled_from([*AN_APP, *good, "x"]), ANYTHING, max_size=4))
    body = data.draw(st.sampled_from([fields, {**good, **fields}]) | ANYTHING)
    row = {"app_id": names["gone"]} if below.endswith("/restore") else {}
    answer = send(method, f"{BELOW}{below}".format(**names | row), token, json.dumps(body).encode())
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert {"message", "request_id"} <= set(answer.json()) <= {"message", "request_id", "errors", "findings"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"name": "a", "name": "b"}', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 50_000, "application/json", 400),
        (b'{"name": "' + b"a" * 70_000 + b'"}', "application/json", 413),
        (b"name=x", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"[]", "application/json", 422),
    ],
)
def test_a_body_that_is_none_is_refused(
    token: str, names: dict[str, str], send: Call, body: bytes, content_type: str, status: int
) -> None:
    answer = send("PATCH", f"{APPS}/{names['app_id']}", token, body, content_type=content_type)
    assert answer.status_code == status, answer.content


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"colour": "red"}, "colour", "There is no such field."),
        ({"version": 3}, "version", "There is no such field."),
        ({"name": 5}, "name", "Not a valid string."),
        ({"name": "staged"}, "name", "Another app of this organization has this name."),
        ({"enabled": "true"}, "enabled", "Must be a valid boolean."),
        ({"max_token_ttl": "60"}, "max_token_ttl", "A valid integer is required."),
        ({"max_token_ttl": 29}, "max_token_ttl", "greater than or equal to 30"),
        ({"grantable_scopes": ["no_such"]}, "grantable_scopes", "There is no such scope: no_such."),
        ({"grantable_scopes": [5]}, "grantable_scopes[0]", "Not a valid string."),
        ({"default_scopes": ["write_builds"]}, "default_scopes", "Not among the grantable scopes: write_builds."),
        ({"exchange_allowed_ips": ["10.0.0.1/8"]}, "exchange_allowed_ips", "10.0.0.0/8"),
        ({"jwks_uri": "https://keys.test/jwks"}, "jwks", "either a JWKS or a JWKS URI"),
        ({"jwks": None, "jwks_uri": "http://10.0.0.1/jwks"}, "jwks_uri", "must not be contacted"),
        ({"jwks": {"keys": []}}, "jwks", ""),
        ({"description": "-----BEGIN PRIVATE KEY-----"}, "description", "A private key does not belong here."),
    ],
)
def test_a_field_that_cannot_be_saved_is_named(
    token: str, names: dict[str, str], send: Call, changes: dict[str, Any], field: str, sentence: str
) -> None:
    answer = send("POST", APPS, token, AN_APP | changes)
    assert answer.status_code == 422, answer.content
    found = [error["message"] for error in answer.json()["errors"] if error["field"] == field]
    assert any(sentence in message for message in found), answer.json()
    assert not AuditEvent.objects.filter(type="TOKEN_EXCHANGE_APP_CREATED").exists()


def test_a_private_key_is_refused_and_not_repeated(token: str, send: Call) -> None:
    secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I"
    key = {**AN_APP["jwks"]["keys"][0], "d": secret}
    answer = send("POST", APPS, token, AN_APP | {"jwks": {"keys": [key]}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "jwks"
    assert secret not in answer.content.decode()
    assert not AuditEvent.objects.filter(data__icontains=secret).exists()


def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    token: str, names: dict[str, str], send: Call
) -> None:
    answer = send("PUT", f"{APPS}/{names['app_id']}", token, {})
    assert answer.status_code == 405
    assert answer["Allow"] == "GET, HEAD, PATCH, DELETE"
    assert send("HEAD", APPS, token).status_code == 200

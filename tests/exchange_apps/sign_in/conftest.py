"""People with passwords and second factors, and the way they come in."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import Organization, Role, User
from tests import factories

PASSWORD = "correct horse battery"
SECURITY, APP, CODES = "/account/", "/account/two-factor/app/add/", "/account/two-factor/recovery-codes/"


@pytest.fixture
def ada(acme: Organization) -> User:
    return factories.make_member(acme, "ada@acme.test", Role.OWNER, name="Ada", password=PASSWORD)


def sign_in(client: Client, email: str = "ada@acme.test", password: str = PASSWORD, **extra: Any) -> Any:
    return client.post("/login/", {"login": email, "password": password}, **extra)


def code_of(secret: str, steps: int = 0) -> str:
    """What an app shows now, or that many steps of 30 s from now (RFC 6238)."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up_app(client: Client) -> str:
    """Enrol an authenticator app in a signed-in browser; its secret."""
    page = client.get(APP).content.decode()
    found = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert found is not None, page
    response = client.post(APP, {"code": code_of(found[1], -1)})
    assert response["Location"] == CODES, response.content.decode()
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    return re.findall(r"<li><code>(\d+)</code>", client.get(CODES).content.decode())


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def events(kind: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(type=kind).order_by("id"))

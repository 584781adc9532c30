"""No token, assertion or private key is ever written down: not in the database file, not in an event, not in a log."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import Model
from django.test import Client
from jwt.algorithms import RSAAlgorithm
from pytest_django import Settings

from audit.models import AuditEvent
from exchange_apps.domain.opaque_token import OpaqueToken
from exchange_apps.models import ExchangeApplication, MintedToken, User
from exchange_apps.services import minting
from tests.conftest import Exchange, good_form, post_form
from tests.keys import base64url, private_key, sign_assertion

pytestmark = pytest.mark.usefixtures("shared_database")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything any logger says, as the product's own formatter writes it, tracebacks included."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    handler.setFormatter(next((h.formatter for h in root.handlers if _is_ours(h)), None))
    root.addHandler(handler)
    level, root.level = root.level, logging.DEBUG
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def _is_ours(handler: logging.Handler) -> bool:
    return isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter)


@pytest.fixture
def everything_written(shared_database: str, log: io.StringIO) -> Callable[[], bytes]:
    """All that is stored and logged, as raw bytes: the files of an SQLite database, the rows of PostgreSQL's tables."""

    def read() -> bytes:
        if connection.vendor == "sqlite":
            path = Path(connection.settings_dict["NAME"])
            stored = b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))
        else:
            rows: list[str] = []
            with connection.cursor() as cursor:
                for table in connection.introspection.table_names(cursor):
                    cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608
                    rows.extend(row[0] for row in cursor.fetchall())
            stored = "\n".join(rows).encode()
        return stored + log.getvalue().encode()

    return read


def assert_absent(secrets: list[str], written: bytes) -> None:
    for secret in secrets:
        assert len(secret) >= 12
        assert secret.encode() not in written, f"{secret[:16]}… was written down"
        assert secret.encode().hex().encode() not in written


def parts_of(assertion: str) -> list[str]:
    """The whole and its signature, whole and halved: nothing of it may be kept, not even cut short."""
    signature = assertion.rpartition(".")[2]
    return [assertion, signature, signature[:40], signature[-40:]]


def rsa_key(name: str) -> RSAPrivateKey:
    key = private_key(name)
    assert isinstance(key, RSAPrivateKey)
    return key


def private_parts() -> list[str]:
    key = rsa_key("deploy-1")
    numbers = key.private_numbers()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    found = [str(numbers.d), str(numbers.p), base64url(numbers.d.to_bytes(256)), base64url(numbers.p.to_bytes(128))]
    return [*found, f"{numbers.d:x}", f"{numbers.q:x}", *pem.splitlines()[2:6]]


def test_the_reader_finds_what_is_there(
    exchange: Exchange, everything_written: Callable[[], bytes], deploy_bot: ExchangeApplication
) -> None:
    """Otherwise the tests below could not fail."""
    exchange(resource="https://findme.acme.test")
    exchange(scope="write_agents")
    written = everything_written()
    assert b"https://findme.acme.test" in written
    assert deploy_bot.client_id.encode() in written
    assert b"scope_not_grantable" in written
    assert b"exchange denied" in written


def test_a_minted_token_and_its_assertion_are_nowhere(
    exchange: Exchange, everything_written: Callable[[], bytes], deploy_bot: ExchangeApplication
) -> None:
    assertions = [sign_assertion(deploy_bot.client_id) for _ in range(3)]
    secrets = [exchange(client_assertion=text).json()["access_token"] for text in assertions]
    secrets += [secret[5:] for secret in secrets] + [secret[5:30] for secret in secrets]
    parts = [part for text in assertions for part in parts_of(text)]
    assert_absent([*secrets, *parts, *private_parts()], everything_written())


def test_a_refused_assertion_is_nowhere(
    exchange: Exchange, everything_written: Callable[[], bytes], deploy_bot: ExchangeApplication
) -> None:
    client = deploy_bot.client_id
    refused = {
        "audience": sign_assertion(client, aud="x"),
        "expired": sign_assertion(client, iat=1, exp=2),
        "forged": sign_assertion(client, key="stranger", headers={"kid": "deploy-1"}),
        "unknown client": sign_assertion("0" * 20),
        "unknown key": sign_assertion(client, headers={"kid": "another"}),
        "truncated": sign_assertion(client)[:-4],
        "bare": sign_assertion(client).rpartition(".")[0],
    }
    for text in refused.values():
        assert exchange(client_assertion=text).status_code == 401
    replayed = sign_assertion(client)
    exchange(client_assertion=replayed)
    exchange(client_assertion=replayed)
    parts = [part for text in [*refused.values(), replayed] for part in parts_of(text)]
    assert_absent([*parts, *private_parts()], everything_written())


MISPLACED = ["subject_token", "audience", "scope", "client_id", "resource", "expires_in", "requested_token_type"]
MISPLACED += ["grant_type", "subject_token_type", "client_assertion_type"]


@pytest.mark.parametrize("name", MISPLACED)
def test_a_credential_in_the_wrong_parameter_is_not_kept(
    exchange: Exchange, everything_written: Callable[[], bytes], deploy_bot: ExchangeApplication, name: str
) -> None:
    token = OpaqueToken.generate("bktx_").secret
    jwt = sign_assertion(deploy_bot.client_id)
    for misplaced in (token, jwt, f"x {jwt}", f"https://api.test/?token={token}", f"{token}@acme.test"):
        exchange(**{name: misplaced})
    assert_absent([token, token[5:], *parts_of(jwt)], everything_written())


@pytest.mark.parametrize("name", ["sub", "aud", "jti", "iat", "extra"])
def test_a_credential_in_a_claim_is_not_kept(
    exchange: Exchange, everything_written: Callable[[], bytes], deploy_bot: ExchangeApplication, name: str
) -> None:
    token = OpaqueToken.generate("bktx_").secret
    jwt = sign_assertion(deploy_bot.client_id)
    pem = private_key("stranger").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    for misplaced in (token, [token], jwt, {"nested": jwt}, pem):
        exchange(claims={name: misplaced})
    assert_absent([token, token[5:], *parts_of(jwt), *pem.splitlines()[2:5]], everything_written())


def test_a_private_key_pasted_as_jwks_is_not_kept(
    everything_written: Callable[[], bytes], deploy_bot: ExchangeApplication
) -> None:
    private = RSAAlgorithm.to_jwk(rsa_key("deploy-1"), as_dict=True) | {"kid": "deploy-1"}
    deploy_bot.jwks = {"keys": [private]}
    with pytest.raises(ValidationError) as refused:
        deploy_bot.full_clean()
    assert_absent([private["d"], private["p"]], everything_written() + str(refused.value).encode())


def test_a_bug_of_ours_leaves_a_traceback_without_secrets(
    exchange: Exchange,
    everything_written: Callable[[], bytes],
    deploy_bot: ExchangeApplication,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stumble(intents: object) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(minting.mint_writer(), "_write", stumble)
    assertion = sign_assertion(deploy_bot.client_id)
    assert exchange(client_assertion=assertion).status_code == 500
    written = everything_written()
    assert b"a mistake of ours" in written
    assert_absent(parts_of(assertion), written)


def test_a_used_and_revoked_token_is_nowhere(
    exchange: Exchange, everything_written: Callable[[], bytes], use_token: Callable[..., object]
) -> None:
    secret = exchange().json()["access_token"]
    use_token(secret)
    use_token(secret[:-1])
    use_token(secret, "DELETE")
    use_token(secret)
    assert_absent([secret, secret[5:], secret[5:30]], everything_written())


def test_no_event_shows_more_of_a_token_than_its_last_four_characters(exchange: Exchange) -> None:
    secret = exchange().json()["access_token"]
    event = AuditEvent.objects.get()
    shown = json.dumps(
        {field.name: str(getattr(event, field.name)) for field in event._meta.fields}, ensure_ascii=False
    )
    assert f"…{secret[-4:]}" in shown
    assert secret[-5:] not in shown


def test_a_token_does_not_show_itself_when_printed(exchange: Exchange) -> None:
    secret = exchange().json()["access_token"]
    token = OpaqueToken.parse(secret, "bktx_")
    row = MintedToken.objects.get()
    things: list[OpaqueToken | Model | None] = [token, row]
    assert all(secret not in text for thing in things for text in (repr(thing), str(thing), f"{thing}"))


def test_another_prefix_is_kept_secret_as_well(
    client: Client,
    deploy_bot: ExchangeApplication,
    bob: User,
    settings: Settings,
    everything_written: Callable[[], bytes],
) -> None:
    settings.TOKEN_PREFIX = "acmetok_"
    secret = post_form(client, "/oauth/token", good_form(deploy_bot.client_id)).json()["access_token"]
    assert secret.startswith("acmetok_")
    post_form(client, "/oauth/token", good_form(deploy_bot.client_id, audience=secret))
    assert_absent([secret, secret[8:]], everything_written())

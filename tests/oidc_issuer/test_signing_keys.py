"""Rotation, revocation and encryption of our signing keys, in the database and in the log."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from oidc_issuer.keys import PUBLISHED_AHEAD, ROTATION_PERIOD, KeyState
from oidc_issuer.models import SigningKey
from oidc_issuer.services.signatures import NoSigningKey, published_keys, sign
from oidc_issuer.services.signing_keys import (
    encrypt_private_keys_anew,
    revoke_signing_key,
    rotate_signing_key,
    tend_signing_keys,
)
from oidc_issuer.signing import UnreadablePrivateKey
from tests.conftest import at_once
from tests.oidc_issuer.conftest import START, after, author_at

pytestmark = pytest.mark.django_db


def key(state: KeyState, algorithm: str = "ES256") -> Any:
    found = SigningKey.objects.filter(algorithm=algorithm, state=state).order_by("-id").first()
    assert found is not None
    return found


def tend(moment: Any = START) -> None:
    tend_signing_keys(author=author_at(moment))


def log() -> list[tuple[str, str]]:
    return [(event.type.removeprefix("SIGNING_KEY_"), event.key_id) for event in AuditEvent.objects.order_by("id")]


def test_a_new_installation_gets_an_active_and_a_next_key_of_each_algorithm_and_then_no_more() -> None:
    tend()
    tend(after(minutes=5))
    states = SigningKey.objects.order_by("id").values_list("algorithm", "state")
    assert sorted(states) == [("ES256", "active"), ("ES256", "next"), ("RS256", "active"), ("RS256", "next")]
    assert [kind for kind, _ in log()] == ["CREATED", "ACTIVATED", "CREATED"] * 2


def test_after_ninety_days_the_next_key_signs_and_the_old_one_stays_published_until_its_tokens_are_over() -> None:
    tend()
    old, following = key(KeyState.ACTIVE), key(KeyState.NEXT)
    moment = START + ROTATION_PERIOD
    tend(moment - timedelta(seconds=1))
    assert key(KeyState.ACTIVE) == old
    tend(moment)
    assert key(KeyState.ACTIVE) == following
    old.refresh_from_db()
    assert (old.state, old.encrypted_private_key, old.retired_at) == ("retired", None, moment)
    assert old.kid in kids(moment + timedelta(days=1))
    assert old.kid not in kids(moment + timedelta(days=1, minutes=17))
    retired = AuditEvent.objects.get(type="SIGNING_KEY_RETIRED", key_id=old.kid)
    assert retired.data["published_until"] == old.published_until.isoformat()


def test_a_key_that_was_just_published_does_not_sign_even_on_demand() -> None:
    tend()
    with pytest.raises(ValidationError, match="may sign from 2026-01-01 01:00:00 UTC on"):
        rotate_signing_key("ES256", author=author_at(after(minutes=59)))
    rotate_signing_key("ES256", author=author_at(START + PUBLISHED_AHEAD))
    assert key(KeyState.ACTIVE).activated_at == START + PUBLISHED_AHEAD


def test_a_revoked_key_is_unpublished_at_once_and_the_next_takes_over() -> None:
    tend()
    lost, following = key(KeyState.ACTIVE), key(KeyState.NEXT)
    revoke_signing_key(lost, author=author_at(after(hours=2)))
    assert key(KeyState.ACTIVE) == following
    assert lost.kid not in kids(after(hours=2))
    assert lost.encrypted_private_key is None
    event = AuditEvent.objects.get(type="SIGNING_KEY_REVOKED")
    assert (event.key_id, event.data) == (lost.kid, {"algorithm": "ES256", "was": "active"})


def test_after_two_revocations_within_the_hour_nothing_signs_until_the_third_key_was_published_long_enough() -> None:
    tend()
    for minutes in (120, 121):
        revoke_signing_key(key(KeyState.ACTIVE), author=author_at(after(minutes=minutes)))
    with pytest.raises(NoSigningKey) as caught:
        sign(b"{}", algorithm="ES256", typ=None, now=after(minutes=122))
    assert caught.value.usable_from == after(minutes=180)
    assert sign(b"{}", algorithm="ES256", typ=None, now=after(minutes=180))


def test_revoking_twice_is_recorded_once() -> None:
    tend()
    lost = key(KeyState.ACTIVE)
    for _ in range(2):
        revoke_signing_key(lost, author=author_at(after(hours=2)))
    assert log().count(("REVOKED", lost.kid)) == 1


def test_whoever_needs_a_signature_first_gets_keys_made() -> None:
    token, kid = sign(b'{"a":1}', algorithm="RS256", typ="JWT", now=START)
    header = jwt.get_unverified_header(token)
    assert header == {"alg": "RS256", "kid": kid, "typ": "JWT"}
    public = jwt.PyJWK(key(KeyState.ACTIVE, "RS256").public_jwk)
    assert jwt.decode(token, public, algorithms=["RS256"]) == {"a": 1}


def test_private_keys_are_encrypted_and_follow_a_change_of_encryption_keys(settings: Settings) -> None:
    tend()
    assert "PRIVATE" not in key(KeyState.ACTIVE).encrypted_private_key
    old, new = settings.ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [new, old]
    assert encrypt_private_keys_anew() == 4
    assert encrypt_private_keys_anew() == 0
    settings.ENCRYPTION_KEYS = [new]
    assert sign(b"{}", algorithm="ES256", typ=None, now=START)


def test_a_lost_encryption_key_is_said_in_a_sentence_and_does_not_stand_in_the_way_of_a_revocation(
    settings: Settings,
) -> None:
    tend(timezone.now())
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    kid = key(KeyState.ACTIVE).kid
    with pytest.raises(UnreadablePrivateKey, match="None of ENCRYPTION_KEYS opens"):
        sign(b"{}", algorithm="ES256", typ=None, now=START)
    with pytest.raises(CommandError, match="None of ENCRYPTION_KEYS opens"):
        call_command("rotate_signing_keys", verbosity=0)
    revoke_signing_key(key(KeyState.ACTIVE), author=author_at(timezone.now()))
    assert SigningKey.objects.get(kid=kid).state == "revoked"


def test_the_database_itself_allows_one_active_key_of_each_algorithm() -> None:
    tend()
    with pytest.raises(IntegrityError), transaction.atomic():
        SigningKey.objects.filter(algorithm="ES256").update(state="active")


def test_a_retired_key_cannot_hold_a_private_half() -> None:
    tend()
    with pytest.raises(IntegrityError), transaction.atomic():
        SigningKey.objects.filter(state="active").update(state="retired")


@pytest.mark.django_db(transaction=True)
def test_many_processes_at_once_make_one_set_of_keys(shared_database: str) -> None:
    at_once(6, lambda _: tend())
    assert sorted(SigningKey.objects.values_list("algorithm", "state")) == [
        ("ES256", "active"),
        ("ES256", "next"),
        ("RS256", "active"),
        ("RS256", "next"),
    ]


def test_the_command_revokes_by_key_id(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("rotate_signing_keys")
    kid = key(KeyState.ACTIVE).kid
    assert f"ES256 {kid} active" in capsys.readouterr().out
    call_command("rotate_signing_keys", revoke=kid, verbosity=0)
    assert SigningKey.objects.get(kid=kid).state == "revoked"
    with pytest.raises(CommandError, match="There is no signing key nonsense"):
        call_command("rotate_signing_keys", revoke="nonsense")


def test_the_command_refuses_to_rotate_before_the_next_key_is_known_and_then_changes_nothing() -> None:
    with pytest.raises(CommandError, match="may sign from"):
        call_command("rotate_signing_keys", now=True)
    assert not SigningKey.objects.filter(state="retired").exists()


def kids(moment: Any) -> set[str]:
    return {jwk["kid"] for jwk in published_keys(moment)[0]["keys"]}


def test_a_key_id_is_the_thumbprint_and_public_keys_hold_nothing_private() -> None:
    tend()
    for jwk in published_keys(START)[0]["keys"]:
        assert set(jwk) in ({"kty", "kid", "use", "alg", "n", "e"}, {"kty", "kid", "use", "alg", "crv", "x", "y"})
        assert len(base64.urlsafe_b64decode(jwk["kid"] + "=")) == 32
        assert json.dumps(jwk).isascii()

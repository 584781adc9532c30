"""Nobody who keeps our key set as long as we allow meets a token that it cannot check.

Hypothesis lets time pass, rotates, revokes, signs, and fetches the key set, in every order it can think of, against the
real services and database.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from django.core.exceptions import ValidationError
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from oidc_issuer.keys import JWKS_MAX_AGE, LEEWAY, LONGEST_SIGNED_LIFETIME
from oidc_issuer.models import SigningKey
from oidc_issuer.services.signatures import NoSigningKey, published_keys, sign
from oidc_issuer.services.signing_keys import revoke_signing_key, rotate_signing_key, tend_signing_keys
from tests.oidc_issuer.conftest import START, author_at

ALGORITHM = "ES256"
MOMENTS = st.one_of(
    st.integers(1, 120).map(lambda seconds: timedelta(seconds=seconds)),
    st.sampled_from([JWKS_MAX_AGE, timedelta(hours=1), timedelta(days=1), timedelta(days=89), timedelta(days=90)]),
    st.integers(1, 200_000).map(lambda seconds: timedelta(seconds=seconds)),
)


@dataclass(frozen=True)
class Token:
    text: str
    kid: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class KeptSet:
    """What a relying party fetched, and until when it need not ask again."""

    keys: dict[str, Any]
    until: datetime


class Rotation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        SigningKey.objects.all().delete()
        self.now = START
        self.tokens: list[Token] = []
        self.kept: list[KeptSet] = []

    @initialize(asked_early=st.booleans())
    def somebody_may_ask_before_there_is_a_key(self, asked_early: bool) -> None:
        if asked_early:
            self.fetch()

    @rule(span=MOMENTS)
    def time_passes(self, span: timedelta) -> None:
        self.now += span
        self.tokens = [token for token in self.tokens if token.expires_at > self.now]
        self.kept = [kept for kept in self.kept if kept.until > self.now]

    @rule()
    def the_job_runs(self) -> None:
        tend_signing_keys(author=author_at(self.now), algorithms=(ALGORITHM,))

    @rule()
    def an_operator_rotates(self) -> None:
        try:
            rotate_signing_key(ALGORITHM, author=author_at(self.now))
        except ValidationError:
            assert SigningKey.objects.filter(state="next", usable_from__gt=self.now).exists()

    @precondition(lambda self: SigningKey.objects.exclude(state="revoked").exists())
    @rule(data=st.data())
    def an_operator_revokes(self, data: st.DataObject) -> None:
        keys = list(SigningKey.objects.exclude(state="revoked").order_by("id"))
        revoke_signing_key(data.draw(st.sampled_from(keys)), author=author_at(self.now))

    @precondition(lambda self: SigningKey.objects.exists())
    @rule(lifetime=st.sampled_from([timedelta(minutes=5), timedelta(hours=2), LONGEST_SIGNED_LIFETIME]))
    def a_job_asks_for_a_token(self, lifetime: timedelta) -> None:
        try:
            text, kid = sign(b"{}", algorithm=ALGORITHM, typ=None, now=self.now)
        except NoSigningKey:
            assert not SigningKey.objects.filter(algorithm=ALGORITHM, usable_from__lte=self.now, state="next").exists()
            return
        self.tokens.append(Token(text, kid, self.now, self.now + lifetime))

    @rule()
    def fetch(self) -> None:
        document, max_age = published_keys(self.now)
        if max_age:
            keys = {jwk["kid"]: jwt.PyJWK(jwk) for jwk in document["keys"]}
            self.kept.append(KeptSet(keys, self.now + timedelta(seconds=max_age)))

    @invariant()
    def every_token_that_is_not_over_verifies_with_every_set_that_may_still_be_kept(self) -> None:
        revoked = set(SigningKey.objects.filter(state="revoked").values_list("kid", flat=True))
        published = {jwk["kid"] for jwk in published_keys(self.now)[0]["keys"]}
        assert not published & revoked
        for token in self.tokens:
            if token.kid in revoked:
                continue
            assert token.kid in published
            for kept in self.kept:
                jwt.PyJWS().decode(token.text, kept.keys[token.kid], algorithms=[ALGORITHM])

    @invariant()
    def no_key_but_the_first_signs_before_older_sets_are_over(self) -> None:
        first = SigningKey.objects.order_by("id").first()
        for key in SigningKey.objects.filter(activated_at__isnull=False):
            if key != first:
                assert key.activated_at is not None
                assert key.activated_at - key.published_at >= JWKS_MAX_AGE + LEEWAY

    @invariant()
    def what_signs_no_more_has_no_private_half(self) -> None:
        over = SigningKey.objects.filter(state__in=("retired", "revoked"))
        assert not over.exclude(encrypted_private_key=None).exists()


@pytest.mark.django_db
def test_the_rotation_keeps_its_promises_whatever_happens_in_whatever_order() -> None:
    run_state_machine_as_test(Rotation, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))

"""The rules of a signing key's life, as tables."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from oidc_issuer import keys
from oidc_issuer.keys import PUBLISHED_AHEAD, ROTATION_PERIOD, Rotation, due_rotation
from tests.oidc_issuer.conftest import START, after

NOTHING, CREATE, ACTIVATE = Rotation(False, False), Rotation(True, False), Rotation(False, True)


@pytest.mark.parametrize(
    ("activated_at", "next_usable_from", "on_demand", "expected"),
    [
        (None, None, False, CREATE),
        (None, after(hours=1), False, NOTHING),
        (None, START, False, ACTIVATE),
        (after(days=-1), after(hours=-1), False, NOTHING),
        (after(days=-1), after(hours=-1), True, ACTIVATE),
        (after(days=-1), after(seconds=1), True, NOTHING),
        (START - ROTATION_PERIOD, after(hours=-1), False, ACTIVATE),
        (START - ROTATION_PERIOD + timedelta(seconds=1), after(hours=-1), False, NOTHING),
        (START - ROTATION_PERIOD, after(seconds=1), False, NOTHING),
        (START - ROTATION_PERIOD, None, True, CREATE),
    ],
)
def test_a_key_signs_when_it_is_wanted_and_everybody_could_have_seen_it(
    activated_at: datetime | None, next_usable_from: datetime | None, on_demand: bool, expected: Rotation
) -> None:
    due = due_rotation(activated_at=activated_at, next_usable_from=next_usable_from, now=START, on_demand=on_demand)
    assert due == expected


def test_the_very_first_key_signs_at_once() -> None:
    assert due_rotation(activated_at=None, next_usable_from=None, now=START, is_first_ever=True) == Rotation(True, True)


def test_a_key_is_published_ahead_for_longer_than_anybody_may_keep_an_older_set() -> None:
    assert PUBLISHED_AHEAD >= keys.JWKS_MAX_AGE + keys.LEEWAY


def test_the_last_moment_of_publication_is_the_same_reckoned_either_way() -> None:
    until = keys.published_until(START)
    assert keys.published_since_retirement(until) == START
    assert until - START == keys.LONGEST_SIGNED_LIFETIME + keys.JWKS_MAX_AGE + keys.LEEWAY

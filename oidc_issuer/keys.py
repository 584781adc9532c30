"""When a signing key is published, may sign, is due to be replaced, and may disappear: the rules, and nothing else.

A key goes next → active → retired; from any of these an emergency makes it revoked. Of each algorithm one key is next
(published, not signing yet) and one active (signing), so that a rotation, or a revocation, has where to go at once.

Two promises follow from the times below, and `tests/oidc_issuer/test_rotation_invariant.py` tries to break them:
whoever keeps our key set for as long as we allow it can verify every token that is not over; and no key signs before
everybody who keeps an older set had to ask again. Only a revocation breaks the first, because that is what it is for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from exchange_apps.domain.lifetimes import LONGEST_TOKEN_TTL

JWKS_MAX_AGE = timedelta(minutes=15)
"""How long anybody may keep our key set without asking again."""
PUBLISHED_AHEAD = timedelta(hours=1)
"""How long a key is published before it signs: the above, and generously more for those who keep it longer."""
ROTATION_PERIOD = timedelta(days=90)
LONGEST_SIGNED_LIFETIME = timedelta(seconds=LONGEST_TOKEN_TTL)
"""No token that we sign lives longer: JWT access tokens (RFC 9068) may live a day, ID tokens two hours."""
LEEWAY = timedelta(minutes=1)
"""For clocks that differ, and signatures under way in the moment of a rotation."""


class KeyState(StrEnum):
    NEXT = "next"
    ACTIVE = "active"
    RETIRED = "retired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What is to be done with one algorithm's keys now. Whoever activates the next key publishes a new next one."""

    create_next: bool
    activate_next: bool

    @property
    def is_needed(self) -> bool:
        return self.create_next or self.activate_next


def usable_from(published_at: datetime, *, is_first_ever: bool) -> datetime:
    """When a key published at that time may sign. The very first at once: nobody can hold an older set, since an empty
    one is never kept."""
    return published_at if is_first_ever else published_at + PUBLISHED_AHEAD


def published_until(retired_at: datetime) -> datetime:
    """The last token signed is over by then, and with it every reason to ask for the key."""
    return retired_at + LONGEST_SIGNED_LIFETIME + JWKS_MAX_AGE + LEEWAY


def published_since_retirement(now: datetime) -> datetime:
    """Keys retired after this time are still published: `published_until`, solved for the retirement."""
    return now - LONGEST_SIGNED_LIFETIME - JWKS_MAX_AGE - LEEWAY


def rotates_at(activated_at: datetime) -> datetime:
    return activated_at + ROTATION_PERIOD


def due_rotation(
    *,
    activated_at: datetime | None,
    next_usable_from: datetime | None,
    now: datetime,
    is_first_ever: bool = False,
    on_demand: bool = False,
) -> Rotation:
    """From when the active key signs and from when the next one may; None where there is no such key."""
    create = next_usable_from is None
    if next_usable_from is None:
        next_usable_from = usable_from(now, is_first_ever=is_first_ever)
    wanted = activated_at is None or on_demand or rotates_at(activated_at) <= now
    return Rotation(create_next=create, activate_next=wanted and next_usable_from <= now)

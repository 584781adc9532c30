"""Fetched keys, as current as they can be had in the moment an assertion arrives."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Protocol, Self, TypeVar

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import TemporarilyUnavailable
from exchange_apps.domain.jwk import JWKSet
from exchange_apps.domain.key_freshness import REFETCH_GAP
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.services.remote_keys import refresh_key_set
from exchange_apps.services.standing import RemoteKeys


class KeyHolder(Protocol):
    """A standing whose keys may come from a host: of an app, or of an identity provider."""

    @property
    def keys(self) -> JWKSet: ...
    @property
    def remote_keys(self) -> RemoteKeys | None: ...
    def read_again(self) -> Self | None: ...


Holder = TypeVar("Holder", bound=KeyHolder)

_next_look: dict[uuid.UUID, datetime] = {}
"""When this process next looks whether a stale set can be had anew; while a host is out, not at every exchange."""


def may_use_kept_keys(holder: KeyHolder, *, now: datetime) -> bool:
    """Whether an exchange may go on with the keys of a kept standing.

    Where they are stale and nobody looked lately, somebody has to. What is minted on keys that were replaced meanwhile
    does not pass the mint's comparison of versions.
    """
    remote = holder.remote_keys
    if remote is None:
        return True
    return remote.is_usable(now) and (remote.is_fresh(now) or _next_look.get(remote.id, now) > now)


def with_current_keys(holder: Holder, key_id: object, *, now: datetime, receipt: Receipt) -> Holder:
    """A standing just read, with keys fetched anew where they are stale or the key id is not among them.

    Raises TemporarilyUnavailable when there are no keys that may still be used.
    """
    remote = holder.remote_keys
    if remote is None:
        return holder
    _next_look[remote.id] = now + timedelta(seconds=REFETCH_GAP)
    is_unknown = isinstance(key_id, str) and all(key.kid != key_id for key in holder.keys.keys)
    if (is_unknown or remote.is_due(now)) and refresh_key_set(remote.id, now=now):
        holder = holder.read_again() or holder
    require_usable_keys(holder, now=now, receipt=receipt)
    return holder


def require_usable_keys(holder: KeyHolder, *, now: datetime, receipt: Receipt) -> None:
    """Raises TemporarilyUnavailable when the fetched keys are too old, or never came."""
    if holder.remote_keys is not None and not holder.remote_keys.is_usable(now):
        receipt.add_refused(Check.KEY, expected="keys fetched within the last 24 hours", seen="none")
        raise TemporarilyUnavailable(DenialReason.KEYS_UNAVAILABLE, retry_after=REFETCH_GAP)


def forget_looks() -> None:
    """For tests: a new process has not looked yet."""
    _next_look.clear()

"""What the search index knows of an event: terms, which are texts `key=value`. `conditions` says the same in SQL.

An event is taken apart into features first. Many events share each of them (an app, a user, an address), so the terms
of a feature are made once for all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from audit.parties import PartyType
from audit.search.lookups import folded
from audit.search.values import canonical_uuid

Feature = tuple[str, ...]
"""Its kind, then what `terms_of` takes for this kind; what is missing is empty."""

COLUMNS = (
    "type",
    "outcome",
    "reason",
    "key_id",
    "actor_type",
    "actor_id",
    "actor_name",
    "on_behalf_of_id",
    "on_behalf_of_name",
    "subject_type",
    "subject_id",
    "subject_name",
    "request_ip",
    "data",
)
"""What `features_of` takes, in its order; UUIDs as texts."""

TOKEN = "token="
"""Terms of tokens begin like this. Nearly every event has some of its own, so they are kept apart (`SearchToken`)."""
STEP = 4
"""Addresses are indexed under the networks of every fourth prefix length; any other is a union of at most 8 of them."""
_WIDEST = {4: 8, 6: 32}
_NARROWEST_IPV6 = 64
_APP = PartyType.TOKEN_EXCHANGE_APP
_MINTED_TOKEN = PartyType.MINTED_TOKEN


def features_of(
    type: str,
    outcome: str,
    reason: str,
    key_id: str,
    actor_type: str,
    actor_id: str | None,
    actor_name: str,
    on_behalf_of_id: str | None,
    on_behalf_of_name: str,
    subject_type: str,
    subject_id: str | None,
    subject_name: str,
    request_ip: str | None,
    data: Mapping[str, Any],
) -> list[Feature]:
    """All that one event is found by but its tokens."""
    found: list[Feature] = [("type", type, outcome, reason), ("actor", actor_type, actor_id or "", actor_name)]
    if key_id:
        found.append(("kid", key_id))
    if on_behalf_of_id or on_behalf_of_name:
        found.append(("for", "", on_behalf_of_id or "", on_behalf_of_name))
    if subject_type and subject_type != _MINTED_TOKEN:
        found.append(("subject", subject_type, subject_id or "", subject_name))
    if request_ip:
        found.append(("ip", request_ip))
    if apps := _apps_in(data):
        found.append(apps)
    return found


def tokens_of(subject_type: str, subject_id: str | None, subject_name: str, data: Mapping[str, Any]) -> set[str]:
    """The terms of the tokens an event speaks of: their UUIDs, digests and names."""
    named = [value for name in ("token_uuid", "token_sha256") if isinstance(value := data.get(name), str)]
    if subject_type == _MINTED_TOKEN:
        named += [subject_id or "", subject_name]
    return {f"{TOKEN}{folded(name)}" for name in named if name}


def terms_of(feature: Feature) -> Iterator[str]:
    """The terms under which events with this feature are found."""
    return _TERMS[feature[0]](*feature)


def network_term(version: int, prefix: int, bits: int) -> str:
    return f"ip{version}/{prefix}={bits:x}"


def _apps_in(data: Mapping[str, Any]) -> Feature | None:
    named, app = [data.get("client_id"), data.get("app_name")], data.get("app")
    if isinstance(app, dict):
        named.append(app.get("client_id"))
    elif isinstance(app, str) and canonical_uuid(app):
        named.append(app)
    texts = [name for name in named if name and isinstance(name, str)]
    return ("app", *texts) if texts else None


def _of_type(_: str, type: str, outcome: str, reason: str) -> Iterator[str]:
    yield f"type={type}"
    yield f"outcome={outcome}"
    if reason:
        yield f"reason={reason}"


def _of_party(role: str, type: str, id: str, name: str) -> Iterator[str]:
    for key in (role, "app") if type == _APP else (role,):
        if id:
            yield f"{key}={id}"
        if name:
            yield f"{key}={folded(name)}"


def _of_key(key: str, *values: str) -> Iterator[str]:
    return (f"{key}={value}" for value in values)


def _of_apps(key: str, *names: str) -> Iterator[str]:
    return (f"{key}={folded(name)}" for name in names)


def _of_address(_: str, text: str) -> Iterator[str]:
    return iter(_networks_of(text))


@lru_cache(maxsize=65_536)
def _networks_of(text: str) -> tuple[str, ...]:
    address = ip_address(text)
    bits, length = int(address), address.max_prefixlen
    last = length if address.version == 4 else _NARROWEST_IPV6
    prefixes = {*range(_WIDEST[address.version], last + 1, STEP), length}
    return tuple(network_term(address.version, prefix, bits >> (length - prefix)) for prefix in prefixes)


_TERMS: Mapping[str, Callable[..., Iterator[str]]] = {
    "type": _of_type,
    "actor": _of_party,
    "for": _of_party,
    "subject": _of_party,
    "kid": _of_key,
    "ip": _of_address,
    "app": _of_apps,
}

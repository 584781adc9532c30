"""What the search index knows of an event, and what a search asks it for: texts, `key=value`.

Tokens stand apart: nearly every event has one of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from audit.parties import PartyType
from audit.search.lookups import folded
from audit.search.query import SearchQuery
from audit.search.values import Network, canonical_uuid, network_of
from audit.search.vocabulary import Key

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
"""What `terms_of` takes, in its order."""

_STEP = 4
"""Addresses are indexed under the networks of every fourth prefix length; any other is a union of at most 8 of them."""
_WIDEST = {4: 8, 6: 32}
_NARROWEST_IPV6 = 64
_APP = PartyType.TOKEN_EXCHANGE_APP
_TOKEN = PartyType.MINTED_TOKEN


@dataclass(frozen=True, slots=True)
class IndexQuestion:
    """Events that have a term of every group and none of the excluded, and one of the tokens where some are named."""

    groups: tuple[tuple[str, ...], ...]
    excluded: tuple[str, ...]
    tokens: tuple[str, ...] = ()


_NOT_INDEXED = (Key.REQUEST, Key.TOKEN)


def question_of(query: SearchQuery) -> IndexQuestion:
    """What to ask for a search. Requests are left to the table, which has an index for them, and so are tokens that
    are excluded: what is found is compared with the search anyway."""
    keys = [key for key in query.filters if key not in _NOT_INDEXED]
    wanted = [tuple(term for value in query.wanted(key) for term in _asked(key, value)) for key in keys]
    excluded = (term for key in keys for value in query.excluded(key) for term in _asked(key, value))
    return IndexQuestion(tuple(group for group in wanted if group), tuple(excluded), tuple(query.wanted(Key.TOKEN)))


def _asked(key: Key, value: str) -> list[str]:
    match key:
        case Key.IP:
            return _parts_of(network_of(value))
        case Key.TYPE | Key.OUTCOME | Key.REASON | Key.KID:
            return [f"{key}={value}"]
        case _:
            return [f"{key}={folded(value)}"]


def _parts_of(network: Network) -> list[str]:
    """The terms of the indexed networks that make up this one."""
    prefix = -(-network.prefixlen // _STEP) * _STEP
    first = int(network.network_address) >> (network.max_prefixlen - prefix)
    return [_network_term(network.version, prefix, first + n) for n in range(1 << (prefix - network.prefixlen))]


def _network_term(version: int, prefix: int, bits: int) -> str:
    return f"ip{version}/{prefix}={bits:x}"


def terms_of(
    type: str,
    outcome: str,
    reason: str,
    key_id: str,
    actor_type: str,
    actor_id: uuid.UUID | None,
    actor_name: str,
    on_behalf_of_id: uuid.UUID | None,
    on_behalf_of_name: str,
    subject_type: str,
    subject_id: uuid.UUID | None,
    subject_name: str,
    request_ip: str | None,
    data: dict[str, Any],
) -> set[str]:
    """All terms of one event but its tokens. `conditions` says the same in SQL."""
    terms = {f"type={type}", f"outcome={outcome}"}
    if reason:
        terms.add(f"reason={reason}")
    if key_id:
        terms.add(f"kid={key_id}")
    terms.update(_party("actor", actor_id, actor_name))
    terms.update(_party("for", on_behalf_of_id, on_behalf_of_name))
    terms.update(_party("subject", subject_id, subject_name))
    if actor_type == _APP:
        terms.update(_party("app", actor_id, actor_name))
    if subject_type == _APP:
        terms.update(_party("app", subject_id, subject_name))
    if request_ip:
        terms.update(_networks_of(request_ip))
    terms.update(_apps_in(data))
    return terms


def tokens_of(subject_type: str, subject_id: uuid.UUID | None, data: dict[str, Any]) -> set[str]:
    """The UUIDs and digests of the tokens an event speaks of."""
    named = {value for name in ("token_uuid", "token_sha256") if isinstance(value := data.get(name), str)}
    return named | {str(subject_id)} if subject_type == _TOKEN else named


def _party(role: str, id: uuid.UUID | None, name: str) -> Iterator[str]:
    if id:
        yield f"{role}={id}"
    if name:
        yield f"{role}={folded(name)}"


def _apps_in(data: dict[str, Any]) -> Iterator[str]:
    app = data.get("app")
    client_id = app.get("client_id") if isinstance(app, dict) else None
    named = [data.get("client_id"), data.get("app_name"), client_id, app if canonical_uuid(str(app)) else None]
    yield from (f"app={folded(name)}" for name in named if isinstance(name, str))


@lru_cache(maxsize=65_536)
def _networks_of(text: str) -> tuple[str, ...]:
    address = ip_address(text)
    bits, length = int(address), address.max_prefixlen
    last = length if address.version == 4 else _NARROWEST_IPV6
    prefixes = {*range(_WIDEST[address.version], last + 1, _STEP), length}
    return tuple(_network_term(address.version, prefix, bits >> (length - prefix)) for prefix in prefixes)

"""What a search asks the index for."""

from __future__ import annotations

from dataclasses import dataclass

from audit.search.index_terms import STEP, TOKEN, network_term
from audit.search.lookups import folded
from audit.search.query import SearchQuery
from audit.search.values import Network, network_of
from audit.search.vocabulary import Key

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IndexQuestion:
    """Events that have a term of every group and none of the excluded."""

    groups: tuple[Group, ...]
    excluded: Group


def question_of(query: SearchQuery) -> IndexQuestion:
    """What to ask for a search. Requests are left to the table, which has an index for them."""
    keys = [key for key in query.filters if key is not Key.REQUEST]
    wanted = [tuple(term for value in query.wanted(key) for term in _asked(key, value)) for key in keys]
    excluded = (term for key in keys for value in query.excluded(key) for term in _asked(key, value))
    return IndexQuestion(tuple(group for group in wanted if group), tuple(excluded))


def _asked(key: Key, value: str) -> list[str]:
    match key:
        case Key.IP:
            return _parts_of(network_of(value))
        case Key.TYPE | Key.OUTCOME | Key.REASON | Key.KID:
            return [f"{key}={value}"]
        case Key.SUBJECT:
            return [f"{key}={folded(value)}", f"{TOKEN}{folded(value)}"]
        case _:
            return [f"{key}={folded(value)}"]


def _parts_of(network: Network) -> list[str]:
    """The terms of the indexed networks that make up this one."""
    prefix = -(-network.prefixlen // STEP) * STEP
    first = int(network.network_address) >> (network.max_prefixlen - prefix)
    return [network_term(network.version, prefix, first + n) for n in range(1 << (prefix - network.prefixlen))]

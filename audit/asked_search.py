"""What a reader of the log asks for, out of an address: what was typed, the old filters, and the range that is meant
where none is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.utils.translation import gettext

from audit.search.errors import SearchError
from audit.search.query import SearchQuery, Term, parse, render
from audit.search.values import canonical
from audit.search.vocabulary import Key

QUERY, RANGE, EVERYTHING = "query", "range", "all"
DEFAULT_RANGE = Term(Key.AFTER, "30d")
#: Parameters that links of the portal use, each for the key it stands for.
FILTERS = {
    "type": Key.TYPE,
    "outcome": Key.OUTCOME,
    "reason": Key.REASON,
    "actor": Key.ACTOR,
    "subject": Key.SUBJECT,
    "key_id": Key.KID,
    "ip": Key.IP,
    "request_id": Key.REQUEST,
}
NOTHING = SearchQuery()
TIMES = frozenset({Key.AFTER, Key.BEFORE})
_ONE_THING = frozenset({Key.REQUEST, Key.TOKEN, Key.SUBJECT})
"""Whoever names one thing wants its whole life, however long ago."""


@dataclass(frozen=True, slots=True)
class AskedSearch:
    """`query` is what was typed and chosen. `error` and `suggestion` say why there is none, and what was meant;
    `is_impossible` that nothing can fit. `everything`: do not narrow to the default range."""

    text: str
    query: SearchQuery = NOTHING
    everything: bool = False
    error: str = ""
    suggestion: str = ""
    is_impossible: bool = False

    @property
    def has_default_range(self) -> bool:
        named = {term.key for term in self.query.terms if not term.negated}
        return not (self.everything or self.error or named & (TIMES | _ONE_THING))

    @property
    def searched(self) -> SearchQuery:
        """With the default range, where it applies: all that an export or a saved search has to say."""
        return SearchQuery((*self.query.terms, DEFAULT_RANGE)) if self.has_default_range else self.query

    @property
    def address(self) -> str:
        """The query string of its list."""
        return address_of(self.query, everything=self.everything)

    def without(self, term: Term) -> str:
        """The list without one of its terms. Whoever takes a time away wants to see more, not the default range."""
        left = SearchQuery(tuple(one for one in self.query.terms if one != term))
        return address_of(left, everything=self.everything or term.key in TIMES)

    def within(self, *times: Term) -> str:
        """The list with another range; without one: of all times."""
        kept = (term for term in self.query.terms if term.key not in TIMES)
        return address_of(SearchQuery((*kept, *times)), everything=not times)


def address_of(query: SearchQuery | str, *, everything: bool = False) -> str:
    text = query if isinstance(query, str) else render(query)
    return "?" + urlencode({QUERY: text} | ({RANGE: EVERYTHING} if everything else {}))


def asked_search(parameters: Mapping[str, str]) -> AskedSearch:
    """Reads a query string; whatever is wrong with it is told, never raised."""
    text = parameters.get(QUERY, "").strip()
    asked = AskedSearch(text, everything=parameters.get(RANGE) == EVERYTHING)
    try:
        typed = parse(text)
    except SearchError as error:
        meant = text.replace(error.term, error.suggestion) if error.suggestion else ""
        return replace(asked, error=error.sentence(gettext), suggestion=meant)
    try:
        terms = dict.fromkeys([*typed.terms, *_chosen(parameters)])
    except SearchError:
        return replace(asked, query=typed, is_impossible=True)  # no such address or type can exist
    query = SearchQuery(tuple(terms))
    return replace(asked, query=query, text=text if query == typed else render(query))


def _chosen(parameters: Mapping[str, str]) -> Iterator[Term]:
    for name, key in FILTERS.items():
        if value := parameters.get(name, "").strip():
            # Reasons are shown in words; both spellings find them
            value = value.replace(" ", "_") if key is Key.REASON else value
            yield Term(key, canonical(key, value, value))

"""What is wrong with a search: a sentence that names the bad term and, where one is near, what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable


class SearchError(ValueError):
    """`template` is translatable; `values` fill it. `term` is the part of the text that is wrong."""

    def __init__(self, template: str, *, term: str, suggestion: str = "", **values: object) -> None:
        self.template, self.term, self.suggestion = template, term, suggestion
        self.values = {"term": term, "suggestion": suggestion, **values}
        super().__init__(self.sentence())

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """The sentence, with each of its parts through `translate` (gettext) first."""
        parts = [self.template, *([DID_YOU_MEAN] if self.suggestion else [])]
        return " ".join(translate(part) % self.values for part in parts)


def gettext_noop(text: str) -> str:
    """Marks a text for the catalogues; this package does not import Django for it."""
    return text


DID_YOU_MEAN = gettext_noop("Did you mean %(suggestion)s?")
NO_KEY = gettext_noop("“%(term)s” has no key: write what it is, as in actor:%(term)s.")
NO_VALUE = gettext_noop("“%(term)s” has no value.")
UNKNOWN_KEY = gettext_noop("There is no key “%(key)s”.")
UNKNOWN_VALUE = gettext_noop("Unknown %(key)s “%(value)s”.")
OPEN_QUOTE = gettext_noop("The quotation mark in “%(term)s” is not closed.")
AFTER_QUOTE = gettext_noop("Leave a space behind the closing quotation mark in “%(term)s”.")
UNPRINTABLE = gettext_noop("A search holds printable characters only.")
TOO_LONG = gettext_noop("A search has at most %(most)s characters.")
TOO_MANY = gettext_noop("A search has at most %(most)s terms.")
LONG_VALUE = gettext_noop("The value of %(key)s has at most %(most)s characters.")
NOT_AN_ADDRESS = gettext_noop("“%(value)s” is no IP address and no network like 10.0.0.0/8.")
ODD_NETWORK = gettext_noop("%(value)s cannot be searched: IPv4 networks from /8, IPv6 networks from /32 to /64.")
NOT_A_TOKEN = gettext_noop("token: takes the UUID of a token or its SHA-256 in 64 hexadecimal digits.")
A_CREDENTIAL = gettext_noop("token: takes no token itself: searches stay in addresses. Use its UUID or SHA-256.")
NOT_A_TIME = gettext_noop("“%(value)s” is no time: write 2026-03-01, 2026-03-01T12:30, 7d, 12h, today or yesterday.")
TIME_TWICE = gettext_noop("%(key)s stands here twice.")
TIME_NEGATED = gettext_noop("%(key)s cannot be negated: use %(other)s.")


def nearest(word: str, known: Iterable[str]) -> str:
    """The one of `known` that `word` probably stands for; empty where none is near."""
    by_folded = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else ""

"""The language of a search: text to value and back, without a database, a clock or a zone.

    search = term *( space term )         different keys: and; the same key twice: or
    term   = [ "-" ] key ":" value        "-" excludes
    value  = word / quoted text with \\" and \\\\
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from audit.search import errors, times
from audit.search.errors import SearchError, nearest
from audit.search.values import canonical
from audit.search.vocabulary import CREATED, Key, known_values

MOST_CHARACTERS = 500
MOST_TERMS = 20

_TIMES = (Key.AFTER, Key.BEFORE)
_NEVER_NEGATED: dict[str, str] = {Key.AFTER: "before:", Key.BEFORE: "after:", CREATED: "after: / before:"}
_WORD = re.compile(r'(?P<key>-?[^\s:"]*):(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<bare>[^\s"]*))(?P<rest>\S*)')
_ESCAPED = re.compile(r"\\(.)")
_PLAIN = re.compile(r'[^\s"\\]+')
_RANGE = re.compile(r"(?P<sign>>=|<=|>|<)?(?P<first>.+?)(?:\.\.(?P<last>.+))?")


@dataclass(frozen=True, slots=True)
class Term:
    key: Key
    value: str
    negated: bool = False

    def __str__(self) -> str:
        value = self.value
        if not _PLAIN.fullmatch(value):
            value = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{'-' if self.negated else ''}{self.key}:{value}"


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """Terms in the order in which they were written, each once and in its canonical spelling."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)

    def wanted(self, key: Key) -> list[str]:
        return [term.value for term in self.terms if term.key is key and not term.negated]

    def excluded(self, key: Key) -> list[str]:
        return [term.value for term in self.terms if term.key is key and term.negated]

    def moment(self, key: Key) -> str | None:
        """The text of `after` or `before`."""
        return next(iter(self.wanted(key)), None)

    @property
    def filters(self) -> list[Key]:
        """The keys in use that are not times, in a fixed order."""
        used = {term.key for term in self.terms}
        return [key for key in Key if key in used and key not in _TIMES]


def render(query: SearchQuery) -> str:
    """The text of a search; parsing it gives the same search again."""
    return " ".join(map(str, query.terms))


def parse(text: str) -> SearchQuery:
    """Raises SearchError."""
    if len(text) > MOST_CHARACTERS:
        raise SearchError(errors.TOO_LONG, term=text[:40] + "…", most=MOST_CHARACTERS)
    if not text.replace("\n", " ").replace("\t", " ").isprintable():
        raise SearchError(errors.UNPRINTABLE, term="")
    terms = tuple(dict.fromkeys(_terms(text)))
    if len(terms) > MOST_TERMS:
        raise SearchError(errors.TOO_MANY, term=str(terms[MOST_TERMS]), most=MOST_TERMS)
    for key in _TIMES:
        if len(twice := [term for term in terms if term.key is key]) > 1:
            raise SearchError(errors.TIME_TWICE, term=str(twice[1]), key=f"{key}:")
    return SearchQuery(terms)


def _terms(text: str) -> Iterator[Term]:
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        match = _WORD.match(text, place)
        if match is None or not match["key"].lstrip("-"):
            raise _without_key(text[place:].split()[0])
        _check_quotes(match)
        quoted = match["quoted"]
        value = match["bare"] if quoted is None else _ESCAPED.sub(r"\1", quoted)
        yield from _read(match["key"], value, match[0])
        place = match.end()


def _check_quotes(match: re.Match[str]) -> None:
    if not match["rest"]:
        return
    template = errors.AFTER_QUOTE if match["quoted"] is not None else errors.OPEN_QUOTE
    raise SearchError(template, term=match[0])


def _read(name: str, value: str, written: str) -> Iterator[Term]:
    negated, name = name.startswith("-"), name.removeprefix("-").lower()
    known = [*Key, CREATED]
    if name not in known:
        meant = nearest(name, known)
        suggestion = f"{'-' if negated else ''}{meant}:{value}" if meant else ""
        raise SearchError(errors.UNKNOWN_KEY, term=written, suggestion=suggestion, key=name)
    if not value.strip():
        raise SearchError(errors.NO_VALUE, term=written)
    if negated and name in _NEVER_NEGATED:
        raise SearchError(errors.TIME_NEGATED, term=written, key=f"{name}:", other=_NEVER_NEGATED[name])
    if name == CREATED:
        yield from _created(value, written)
    else:
        yield Term(Key(name), canonical(Key(name), value.strip(), written), negated)


def _created(value: str, written: str) -> Iterator[Term]:
    """A date stands for its whole day: `..2026-03-31` and `<=2026-03-31` end with it."""
    match = _RANGE.fullmatch(value.strip())
    if match is None or (match["sign"] and match["last"]):
        raise SearchError(errors.NOT_A_TIME, term=written, value=value)
    first = canonical(Key.AFTER, match["first"], written)
    last = canonical(Key.BEFORE, match["last"] or match["first"], written)
    after_last = times.next_day(last)
    match match["sign"]:
        case ">=":
            yield Term(Key.AFTER, first)
        case ">":
            yield Term(Key.AFTER, after_last)
        case "<":
            yield Term(Key.BEFORE, first)
        case "<=":
            yield Term(Key.BEFORE, after_last)
        case _:
            yield Term(Key.AFTER, first)
            yield Term(Key.BEFORE, after_last)


def _without_key(word: str) -> SearchError:
    """Free text finds nothing here; say so, with the term that was probably meant."""
    meant = nearest(word, known_values(Key.TYPE))
    return SearchError(errors.NO_KEY, term=word, suggestion=f"{Key.TYPE}:{meant}" if meant else "")

"""How one text misses another: by case, a slash, a quotation mark, a typing error.

The rules know nothing of exchanges: they compare what was expected with what was seen, in an order in which the most
telling explanation comes first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import unquote, urlsplit

from exchange_apps.domain.near_misses.hint import Hint
from exchange_apps.domain.translatable import gettext_noop as _

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LEAST_CHARACTERS = 4
_MOST_CHARACTERS = 200
_QUOTES = "\"'`“”‘’«»"


def text_hint(seen: str, expected: Sequence[str]) -> Hint | None:
    """Why `seen` is none of `expected` although it nearly is; None when it is far from all, or one of them."""
    if not seen or seen in expected or len(seen) > _MOST_CHARACTERS:
        return None
    for rule, sentence in _RULES:
        for wanted in expected:
            if wanted and rule(seen, wanted):
                return Hint.of(sentence, wanted=wanted, seen=seen)
    return _uuid_hint(seen, expected)


def _uuid_hint(seen: str, expected: Sequence[str]) -> Hint | None:
    uuids = [wanted for wanted in expected if _UUID.fullmatch(wanted)]
    names = [wanted for wanted in expected if wanted not in uuids]
    if _UUID.fullmatch(seen) and uuids:
        return Hint.of(_("This is a UUID, but another one: %(wanted)s is expected."), wanted=uuids[0])
    if _UUID.fullmatch(seen) and names:
        return Hint.of(_("This is a UUID; %(wanted)s is expected."), wanted=names[0])
    return None


def _same_case(seen: str, wanted: str) -> bool:
    return seen.casefold() == wanted.casefold()


def _same_inside(outside: str) -> Callable[[str, str], bool]:
    return lambda seen, wanted: seen.strip(outside) == wanted


def _same_slash(seen: str, wanted: str) -> bool:
    return seen.rstrip("/") == wanted.rstrip("/")


def _same_but_scheme(seen: str, wanted: str) -> bool:
    return {seen.partition("://")[0], wanted.partition("://")[0]} == {"http", "https"} and (
        seen.partition("://")[2].rstrip("/") == wanted.partition("://")[2].rstrip("/")
    )


def _same_decoded(seen: str, wanted: str) -> bool:
    return unquote(seen) == wanted


def _same_host(seen: str, wanted: str) -> bool:
    try:
        here, there = urlsplit(seen), urlsplit(wanted)
        return bool(here.netloc) and (here.scheme, here.netloc.lower()) == (there.scheme, there.netloc.lower())
    except ValueError:
        return False


def _same_without_scheme(seen: str, wanted: str) -> bool:
    return "://" in wanted and seen.rstrip("/") == wanted.partition("://")[2].rstrip("/")


def _same_as_slug(seen: str, wanted: str) -> bool:
    return re.sub(r"[\s_]+", "-", seen.strip()).casefold() == wanted.casefold()


def _nearly(seen: str, wanted: str) -> bool:
    if min(len(seen), len(wanted)) < _LEAST_CHARACTERS:
        return False
    return edit_distance(seen.casefold(), wanted.casefold(), most=2) <= (1 if len(wanted) < 8 else 2)


_RULES: tuple[tuple[Callable[[str, str], bool], str], ...] = (
    (_same_inside(" \t\r\n"), _("There are spaces around it: it must be exactly %(wanted)s.")),
    (_same_inside(_QUOTES), _("It is wrapped in quotation marks: it must be exactly %(wanted)s.")),
    (_same_case, _("Only capital letters differ: it must be exactly %(wanted)s.")),
    (_same_slash, _("A slash at the end differs: it must be exactly %(wanted)s.")),
    (_same_but_scheme, _("http and https are not the same here: it must be exactly %(wanted)s.")),
    (_same_decoded, _("It is percent-encoded once too often: it must be exactly %(wanted)s.")),
    (_same_without_scheme, _("The scheme is missing: it must be exactly %(wanted)s.")),
    (_same_as_slug, _("It looks like a name; %(wanted)s is expected.")),
    (_nearly, _("Nearly: did you mean %(wanted)s?")),
    (_same_host, _("The host is right, the path is not: it must be exactly %(wanted)s.")),
)


def edit_distance(one: str, other: str, *, most: int) -> int:
    """How many characters to insert, delete, replace or swap with a neighbour; `most` + 1 for whatever is beyond."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before, row = list(range(len(other) + 1)), list(range(len(other) + 1))
    for i, here in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, there in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (here != there))
            if i > 1 and j > 1 and here == other[j - 2] and one[i - 2] == there:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most and min(before) > most:
            return most + 1
    return min(row[-1], most + 1)


def closest(seen: Sequence[str], expected: Sequence[str]) -> Iterator[Hint]:
    """For each of several values, the one it nearly is."""
    for one in seen:
        if hint := text_hint(one, expected):
            yield Hint.of(_("“%(seen)s”: %(hint)s"), seen=one, hint=hint) if len(seen) > 1 else hint

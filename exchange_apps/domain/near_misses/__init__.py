"""Near misses: what somebody probably meant, told from one failed check (its name, expected, seen).

Pure, and fed with nothing but the redacted row of a receipt, so that a hint for a refusal of last week is as good as
one for a dry run. Checks that are not named here are compared as texts: the claims of a trust policy need no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from exchange_apps.domain.near_misses.assertion_text import algorithm_hint, assertion_hints
from exchange_apps.domain.near_misses.hint import Hint
from exchange_apps.domain.near_misses.statements import statement_hints
from exchange_apps.domain.near_misses.texts import closest, text_hint
from exchange_apps.domain.near_misses.times import distance, is_milliseconds, time_hint
from exchange_apps.domain.translatable import gettext_noop as _

__all__ = ["Hint", "assertion_hints", "distance", "near_misses", "text_hint"]

Aliases = Mapping[str, str]
"""Other names that people know a value by → the value that is expected: display names, keys of other apps."""

_LEAD = re.compile(r"(?:some of|one of|a signature by): ?")
_MOMENT = re.compile(r"(-?\d+), (-?\d+) s (ago|ahead)")
_KEY = re.compile(r"kid '(.*)' for \w+", re.DOTALL)
_ALGORITHM = re.compile(r"alg '([^']*)'")
_NAMED_TIME = re.compile(r"(iat|exp|nbf)=([^ ]+)")
_SECONDS = re.compile(r"(-?\d+) s")


def near_misses(check: str, expected: str, seen: str, *, aliases: Aliases | None = None) -> tuple[Hint, ...]:
    """What is told of one failed row; empty when it is no near miss."""
    reader = _READERS.get(check, _texts)
    return tuple(reader(expected, seen, aliases or {}))


def alternatives(expected: str) -> list[str]:
    """The single values in what a receipt calls expected: “a or b”, “one of: a, b”, “some of: a b”."""
    text = _LEAD.sub("", expected, count=1)
    if expected.startswith("some of"):
        return text.split()
    return [part for part in re.split(r" or |, ", text) if part]


def _texts(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    alias = next((wanted for name, wanted in aliases.items() if name.casefold() == seen.strip().casefold()), None)
    if alias is not None:
        yield Hint.of(_("“%(seen)s” is only a name for it: it must be exactly %(wanted)s."), seen=seen, wanted=alias)
    elif hint := text_hint(seen, alternatives(expected)):
        yield hint


def _scopes(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    if "," in seen:
        yield Hint.of(_("Scopes are separated by spaces, not by commas."))
    yield from closest([part for part in re.split(r"[\s,]+", seen) if part], alternatives(expected))


def _key(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    match = _KEY.fullmatch(seen)
    if match is None:
        if seen.startswith("kid None"):
            yield Hint.of(_("The header names no key, and the app has none for this algorithm."))
        return
    key_id, known = match[1], alternatives(expected)
    if key_id in known:
        yield Hint.of(_("The key is there, but for another algorithm than the header says: let `alg` fit the key."))
    elif key_id in aliases:
        yield Hint.of(_("This key belongs to another app of this organization: %(app)s."), app=aliases[key_id])
    elif hint := text_hint(key_id, known):
        yield hint


def _moment(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    if match := _MOMENT.fullmatch(seen):
        seconds = int(match[2])
        if hint := time_hint(int(match[1]), ahead=seconds if match[3] == "ahead" else -seconds):
            yield hint


def _times(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    for name, value in _NAMED_TIME.findall(seen):
        if value == "None" and name != "nbf":
            yield Hint.of(_("`%(claim)s` is missing."), claim=name)
        elif value.startswith(("'", '"')):
            yield Hint.of(_("`%(claim)s` is a text: write the number without quotation marks."), claim=name)
        elif "." in value:
            yield Hint.of(_("`%(claim)s` has a fraction: round it to whole seconds."), claim=name)


def _lifetime(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    match = _SECONDS.fullmatch(seen)
    if match is None:
        return
    seconds = int(match[1])
    if is_milliseconds(seconds):
        yield Hint.of(_("`exp` and `iat` are in different units: both are seconds since 1970."))
    elif seconds <= 0:
        yield Hint.of(_("`exp` is not later than `iat`: are the two swapped?"))
    else:
        yield Hint.of(_("It would be good for %(distance)s: let `exp` be nearer to `iat`."), distance=distance(seconds))


def _format(expected: str, seen: str, aliases: Aliases) -> Iterator[Hint]:
    if (match := _ALGORITHM.search(seen)) and (hint := algorithm_hint(match[1])):
        yield hint


_READERS: dict[str, Callable[[str, str, Aliases], Iterator[Hint]]] = {
    "assertion_format": _format,
    "key": _key,
    "assertion_times": _times,
    "expiry": _moment,
    "issued_at": _moment,
    "not_before": _moment,
    "assertion_lifetime": _lifetime,
    "scope": _scopes,
    "statement": lambda expected, seen, aliases: statement_hints(expected, seen),
    "token_format": _format,
    "token_times": _times,
}

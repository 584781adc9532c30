"""How a claim misses a rule of a trust policy: nearly the text, or the right value as another type.

Rows read `statement 2 "name": ref equals "refs/heads/main"`, and both sides hold JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from exchange_apps.domain.near_misses.hint import Hint
from exchange_apps.domain.near_misses.texts import text_hint
from exchange_apps.domain.translatable import gettext_noop as _

_RULE = re.compile(
    r'statement \d+(?: "(?:[^"\\]|\\.)*")?: (?P<claim>.+?) (?P<matcher>equals|in|matches) (?P<argument>.+)', re.DOTALL
)


def statement_hints(expected: str, seen: str) -> Iterator[Hint]:
    """At most one; none for rules that say what must not be."""
    rule = _RULE.fullmatch(expected)
    if rule is None:
        return
    if seen == "absent":
        yield Hint.of(_("The token has no claim “%(claim)s”; a rule about it never holds."), claim=rule["claim"])
        return
    wanted, values = _as_list(rule["argument"]), _as_list(seen)
    texts = [value for value in wanted if isinstance(value, str)]
    for value in values:
        if hint := _type_hint(value, wanted) or (text_hint(value, texts) if isinstance(value, str) else None):
            yield hint
            return


def _type_hint(value: object, wanted: list[Any]) -> Hint | None:
    for one in wanted:
        if type(one) is not type(value) and _plain(one) == _plain(value):
            return Hint.of(
                _("The value is right, its type is not: the token says %(seen)s, the rule %(wanted)s."),
                seen=json.dumps(value),
                wanted=json.dumps(one),
            )
    return None


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _as_list(text: str) -> list[Any]:
    """The values of a JSON text; none where it was cut."""
    try:
        value = json.loads(text)
    except ValueError:
        return []
    return value if isinstance(value, list) else [value]

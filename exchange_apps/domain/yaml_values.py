"""YAML read as if it were JSON: the same values, and nothing that could surprise.

Built on the parser's events and not on a loader, so that no tag makes an object, no alias multiplies what is read, and
a repeated key is found in its place. Plain scalars follow YAML 1.2: `no`, `on` and `2024-01-01` are text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from exchange_apps.domain.problems import Path, Problems

MOST_NESTING = 50
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


Places = dict[Path, tuple[int, int]]
"""Where each value begins: line and column, counted from 1."""


class NotYAML(ValueError):
    """The text cannot be read at all; the message says where."""


@dataclass
class _Open:
    """A list or mapping whose end has not come yet; `key` is the mapping's key that waits for its value."""

    path: Path
    value: list[Any] | dict[Any, Any]
    key: str | None = None
    seen: set[str] = field(default_factory=set)

    def next_path(self) -> Path:
        return (*self.path, len(self.value) if isinstance(self.value, list) else str(self.key))


def read_yaml(text: str, problems: Problems, *, what: str = "The file", places: Places | None = None) -> Any:
    """The one document in `text`, which messages call `what`. Repeated and odd keys are added to `problems`, the place
    of each value to `places`; raises NotYAML."""
    reader = _Reader(problems, what, {} if places is None else places)
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise NotYAML(f"{what} is not YAML: {where}{error.problem}.") from None
    except yaml.YAMLError as error:
        raise NotYAML(f"{what} is not YAML: {str(error).splitlines()[0]}.") from None
    return reader.document


class _Reader:
    def __init__(self, problems: Problems, what: str, places: Places) -> None:
        self.problems = problems
        self.what = what
        self.places = places
        self.stack: list[_Open] = []
        self.document: Any = None
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise NotYAML(f"Anchors and aliases (& and *) are not accepted: {_line(event)}.")
        if getattr(event, "tag", None) not in (None, "!", "tag:yaml.org,2002:str"):
            raise NotYAML(f"Tags (!) are not accepted: {_line(event)}.")
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise NotYAML(f"{self.what} holds more than one YAML document: {_line(event)}.")
            case yaml.ScalarEvent():
                self.place(_scalar(event), event)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                opened: list[Any] | dict[Any, Any] = [] if isinstance(event, yaml.SequenceStartEvent) else {}
                if len(self.stack) >= MOST_NESTING:
                    raise NotYAML(f"{self.what} is nested too deeply: {_line(event)}.")
                path = self.stack[-1].next_path() if self.stack else ()
                self.place(opened, event)
                self.stack.append(_Open(path, opened))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self.stack.pop()

    def place(self, value: Any, event: yaml.Event) -> None:
        """Put a value where it belongs: into the list, at the waiting key, or as the next key."""
        if not self.stack:
            self.document = value
            self.places[()] = _place(event)
            return
        top = self.stack[-1]
        if isinstance(top.value, list) or top.key is not None:
            self.places[top.next_path()] = _place(event)
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            if isinstance(value, list | dict):
                raise NotYAML(f"A key must be text: {_line(event)}.")
            top.key = event.value if isinstance(event, yaml.ScalarEvent) else str(value)
            if top.key in top.seen:
                self.problems.add((*top.path, top.key), f"This key stands here twice, again in {_line(event)}.")
            top.seen.add(top.key)
        else:
            top.value[top.key] = value
            top.key = None


def _scalar(event: yaml.ScalarEvent) -> Any:
    text: str = event.value
    return text if event.tag is not None or event.style else plain_value(text)


def plain_value(text: str) -> Any:
    """What a scalar without quotation marks stands for (YAML 1.2, 10.3)."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _place(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _line(event: yaml.Event) -> str:
    line, column = _place(event)
    return f"line {line}, column {column}"

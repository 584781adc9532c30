"""From the bytes of a configuration file to a document of the right shape, or to everything that is wrong with it."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from exchange_apps.domain.problems import Path, Problems
from exchange_apps.domain.yaml_values import MOST_NESTING, NotYAML, read_yaml

MOST_BYTES = 5 * 1024 * 1024


class UnreadableFile(ValueError):
    """The file cannot be read as YAML or JSON at all; the message is one sentence."""


def read_values(content: bytes, name: str, problems: Problems) -> Any:
    """The values in the file. Repeated keys are added to `problems`; raises UnreadableFile."""
    if len(content) > MOST_BYTES:
        raise UnreadableFile(f"The file is larger than {MOST_BYTES // 1024 // 1024} MiB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"The file is not UTF-8 text: see byte {error.start}.") from None
    if _is_json(text, name):
        return _read_json(text, problems)
    try:
        return read_yaml(text, problems)
    except NotYAML as error:
        raise UnreadableFile(str(error)) from None


def _is_json(text: str, name: str) -> bool:
    """By its name, or where that says nothing by its first character."""
    if name.endswith((".yaml", ".yml")):
        return False
    return name.endswith(".json") or text.lstrip().startswith("{")


class _Members(list[tuple[str, Any]]):
    """An object's members as they stand in the text, before it is known that no name is there twice."""


def _read_json(text: str, problems: Problems) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_Members, parse_constant=_refuse_constant)
        return _checked(value, (), problems)
    except json.JSONDecodeError as error:
        raise UnreadableFile(f"The file is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from None
    except RecursionError:
        raise UnreadableFile("The file is nested too deeply.") from None
    except UnreadableFile:
        raise
    except ValueError:
        raise UnreadableFile("The file holds a number that is too long.") from None


def _checked(value: Any, path: Path, problems: Problems) -> Any:
    if len(path) > MOST_NESTING:
        raise UnreadableFile("The file is nested too deeply.")
    if isinstance(value, _Members):
        members: dict[str, Any] = {}
        for name, member in value:
            if name in members:
                problems.add((*path, name), "This key stands here twice.")
            members[name] = _checked(member, (*path, name), problems)
        return members
    if isinstance(value, list):
        return [_checked(entry, (*path, index), problems) for index, entry in enumerate(value)]
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableFile(f"The file is not JSON: {name} is no JSON value.")

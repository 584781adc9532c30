"""Plain values as YAML that `read_yaml` reads back as the same values, in the form that people write by hand."""

from __future__ import annotations

from typing import Any

import yaml

from exchange_apps.domain.yaml_values import plain_value

_LONGEST_ON_ONE_LINE = 80


def write_yaml(values: Any) -> str:
    """Values as JSON has them. Lists of a few plain values stand on one line."""
    return yaml.dump(values, Dumper=_Writer, sort_keys=False, allow_unicode=True, width=10_000)


class _Writer(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True  # the same value twice is written twice


def _text(writer: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """In quotation marks where it would otherwise be read as a number, a truth or nothing."""
    style = '"' if plain_value(text) != text or not text.isprintable() else None
    return writer.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(writer: yaml.SafeDumper, values: list[Any]) -> yaml.SequenceNode:
    is_short = not any(isinstance(value, list | dict) for value in values) and len(str(values)) <= _LONGEST_ON_ONE_LINE
    return writer.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=is_short)


_Writer.add_representer(str, _text)
_Writer.add_representer(list, _list)

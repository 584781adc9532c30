"""The schema's findings as sentences, and the document without the parts they are about.

What is left is looked at further, so that one run of `apply` names everything, not only what is wrong with the shape.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator, ValidationError

from exchange_apps.domain.problems import Path, Problems
from exchange_apps.services.configuration.schema import FORMS, NOT_YET, configuration_schema
from exchange_apps.services.configuration.sections import sections

_ENTRY_LISTS = ("organizations", "members", "token_exchange_apps", "identity_providers", "scopes")
_TYPES = {
    "string": "text",
    "boolean": "true or false",
    "integer": "a whole number",
    "array": "a list",
    "object": "a mapping of keys to values",
}


def sound_part(values: Any, problems: Problems) -> dict[str, Any]:
    """`values` without what the schema refuses; each refusal is added to `problems`."""
    if not isinstance(values, dict):
        problems.add((), "The file must be a mapping with the keys version and organizations.")
        return {}
    sound = deepcopy(values)
    for error in Draft202012Validator(configuration_schema()).iter_errors(values):
        for path, sentence in told(error):
            problems.add(path, sentence)
            _take_out(sound, path)
    return sound


def told(error: ValidationError) -> Iterator[tuple[Path, str]]:
    """An error of the library as sentences with their places; it can be about several keys."""
    path: Path = tuple(error.absolute_path)
    wanted: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "additionalProperties":
            schema: Any = error.schema
            known = list(schema["properties"])
            for key in instance.keys() - known:
                yield (*path, key), _unknown_key(key, known)
        case "required":
            for key in wanted:
                if key not in instance:
                    yield (*path, key), "This key is required."
        case "oneOf":  # only where keys come from, see APPLICATION and IDENTITY_PROVIDER
            yield (*path, "jwks"), "Give the keys exactly once: as jwks, jwks_file or jwks_uri."
        case _:
            yield path, _sentence(error)


def _unknown_key(key: str, known: list[str]) -> str:
    if key in NOT_YET:
        return f"This version cannot apply {key} yet; leave the key out."
    close = get_close_matches(key, known, 1)
    return f"There is no such key here{f'; did you mean {close[0]}?' if close else '.'}"


def _sentence(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    schema: Any = error.schema
    match error.validator:
        case "type" if error.instance is None:
            return f"Nothing stands here. Give {_TYPES[wanted]}, or leave the key out."
        case "type":
            hint = " Put it into quotes." if wanted == "string" and isinstance(error.instance, int | float) else ""
            return f"This must be {_TYPES[wanted]}.{hint}"
        case "enum":
            return f"This must be one of {', '.join(wanted)}."
        case "const":
            return f"This must be {wanted}: it is the only version of the format so far."
        case "minimum" | "maximum":
            return f"This must be from {schema['minimum']} to {schema['maximum']}."
        case "minLength" | "minItems":
            return "This must not be empty."
        case "maxLength":
            return f"This is longer than {wanted} characters."
        case "pattern":
            return f"This must be {FORMS[wanted]}."
        case _:
            return "This is not as the schema wants it."


def _entry_lists() -> set[str]:
    brought = sections()
    return {*_ENTRY_LISTS, *(name for section in brought for name in (section.key, *section.inner_lists))}


def _take_out(document: Any, path: Path) -> None:
    """Remove what stands at `path`. Entries in a list become None, so that their neighbours stay in place."""
    *parents, last = path or ("",)
    holder = document
    for position, step in enumerate(parents):
        try:
            holder = holder[step]
        except (KeyError, IndexError, TypeError):
            return
        if isinstance(holder, list) and step not in _entry_lists():
            _take_out(document, path[: position + 1])  # a list of texts is sound as a whole or not at all
            return
    if isinstance(holder, dict):
        holder.pop(last, None)
        if last == "jwks":
            holder.pop("jwks_file", None)
            holder.pop("jwks_uri", None)
    elif isinstance(holder, list) and isinstance(last, int):
        holder[last] = None

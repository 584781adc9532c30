"""JSON read with nothing left to interpretation (RFC 8259), safe on hostile input.

Parsers differ on repeated names and on NaN, so a document with either could mean another thing elsewhere.
No error made here repeats the text: it may hold somebody's private key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping


class StrictJSONError(ValueError):
    """The text is no acceptable JSON. The message says why and where, never what stands there."""


class DocumentTooLarge(StrictJSONError):
    """The text is longer than the caller allows."""


class DuplicateName(StrictJSONError):
    """An object has two members of the same name."""


def parse_json(document: object, *, most_bytes: int) -> object:
    """The value of `document`, which is JSON text, its UTF-8 bytes, or an already parsed value.

    A parsed value (of a YAML file, of a JSON column) goes through text too: one set of rules holds for all.

    Raises StrictJSONError or one of its two subclasses.
    """
    refusal: StrictJSONError
    try:
        return _read(_as_text(document), most_bytes)
    except StrictJSONError as error:
        refusal = error
    except RecursionError:
        refusal = StrictJSONError("The document is nested too deeply.")
    except UnicodeDecodeError:
        refusal = StrictJSONError("The document is not JSON: it is not UTF-8 text.")
    except json.JSONDecodeError as error:
        refusal = StrictJSONError(f"The document is not JSON: see line {error.lineno}, column {error.colno}.")
    except (TypeError, ValueError):
        refusal = StrictJSONError("The document is not JSON: it holds a value that JSON cannot express.")
    # Raised out here and without its past, because the library's exceptions and frames keep the whole text.
    raise refusal.with_traceback(None)


def _as_text(document: object) -> str:
    if isinstance(document, bytes):
        return document.decode("utf-8")
    if isinstance(document, str):
        return document
    return json.dumps(document, allow_nan=False, default=_plain)


def _plain(value: object) -> dict[object, object]:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError("no JSON value")


def _read(text: str, most_bytes: int) -> object:
    if len(text.encode("utf-8", "surrogatepass")) > most_bytes:
        raise DocumentTooLarge(f"The document is longer than {most_bytes} bytes.")
    value: object = json.loads(text, object_pairs_hook=_unique_members, parse_constant=_refuse_constant)
    return value


def _unique_members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise DuplicateName("The document is ambiguous: an object in it has two members of the same name.")
    return members


def _refuse_constant(_name: str) -> object:
    raise StrictJSONError("The document is not JSON: NaN and Infinity are no JSON values.")

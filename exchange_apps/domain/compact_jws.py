"""Taking a compact JWS apart (RFC 7515 section 3.1), strictly, before anything in it is believed.

Libraries forgive padding, stray bits and repeated members; two parsers that forgive differently are how tokens get
smuggled. So the text is read here once, every part must be exactly what an encoder writes, and only the signature
itself is left to the library (`jose.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from exchange_apps.domain import base64url
from exchange_apps.domain.strict_json import StrictJSONError, parse_json

MOST_BYTES = 16 * 1024


class MalformedJWS(ValueError):
    """Not a compact JWS we accept. The message says what is wrong and repeats nothing of the token."""


@dataclass(frozen=True, slots=True)
class CompactJWS:
    """Parts of a token whose signature nobody has checked yet."""

    unverified_header: dict[str, Any]
    unverified_claims: dict[str, Any]
    signing_input: bytes
    signature: bytes

    @classmethod
    def parse(cls, text: str) -> CompactJWS:
        """Raises MalformedJWS."""
        if len(text) > MOST_BYTES:
            raise MalformedJWS("it is longer than 16 KiB")
        parts = text.split(".")
        if len(parts) != 3:
            raise MalformedJWS("it does not have three parts")
        header = _json_object(_octets(parts[0], "header"), "header")
        claims = _json_object(_octets(parts[1], "payload"), "payload")
        if "crit" in header:
            raise MalformedJWS("its header demands extensions (crit) that are not supported")
        if "b64" in header or "zip" in header:
            raise MalformedJWS("its payload is not encoded as plain JSON")
        signing_input = text[: len(parts[0]) + 1 + len(parts[1])].encode("ascii")
        return cls(header, claims, signing_input, _octets(parts[2], "signature"))


def _octets(part: str, name: str) -> bytes:
    try:
        return base64url.decode(part)
    except ValueError as error:
        raise MalformedJWS(f"its {name} {error}") from None


def _json_object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = parse_json(data, most_bytes=MOST_BYTES)
    except StrictJSONError as error:
        raise MalformedJWS(f"its {name}: {error}") from None
    if not isinstance(value, dict):
        raise MalformedJWS(f"its {name} is not a JSON object")
    return value

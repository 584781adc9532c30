"""Taking a compact JWS apart (RFC 7515 section 3.1), strictly, before anything in it is believed.

Libraries forgive padding, stray bits and repeated members; two parsers that forgive differently are how tokens get
smuggled. So the text is read here once, every part must be exactly what an encoder writes, and only the signature
itself is left to the library (`jose.py`).
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 16 * 1024
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


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
        header = _json_object(_base64url(parts[0], "header"), "header")
        claims = _json_object(_base64url(parts[1], "payload"), "payload")
        if "crit" in header:
            raise MalformedJWS("its header demands extensions (crit) that are not supported")
        if "b64" in header or "zip" in header:
            raise MalformedJWS("its payload is not encoded as plain JSON")
        signing_input = text[: len(parts[0]) + 1 + len(parts[1])].encode("ascii")
        return cls(header, claims, signing_input, _base64url(parts[2], "signature"))


def _base64url(part: str, name: str) -> bytes:
    """Strict base64url: no padding, no foreign characters, no stray trailing bits (RFC 7515 appendix C)."""
    if not _BASE64URL.fullmatch(part):
        raise MalformedJWS(f"its {name} is not base64url")
    try:
        decoded = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise MalformedJWS(f"its {name} is not base64url") from None
    spare_bits = len(part) * 6 - len(decoded) * 8
    if spare_bits and _INDEX[part[-1]] & ((1 << spare_bits) - 1):
        raise MalformedJWS(f"its {name} has stray bits at the end")
    return decoded


_INDEX = {
    character: index
    for index, character in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
}


def _json_object(data: bytes, name: str) -> dict[str, Any]:
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique_members, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedJWS(f"its {name} is not strict JSON in UTF-8") from None
    if not isinstance(value, dict):
        raise MalformedJWS(f"its {name} is not a JSON object")
    return value


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is repeated")
    return members


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")

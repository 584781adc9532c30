"""Base64url without padding, one spelling per value (RFC 7515 section 2, RFC 7518 section 2)."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")


def encode(octets: bytes) -> str:
    """The unpadded base64url text of `octets`."""
    return urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def decode(text: str) -> bytes:
    """The octets behind unpadded base64url `text`, at least one.

    Raises ValueError for padding, whitespace, the standard alphabet, an impossible length, and unused bits
    that are not zero. The message never repeats the text, and continues a sentence that begins with its name.
    """
    # The library may not raise here: its exception would keep the text alive in a traceback.
    if not _ALPHABET.fullmatch(text):
        raise ValueError("is not base64url: only A-Z, a-z, 0-9, - and _ may stand there, no padding, no spaces")
    if len(text) % 4 == 1:
        raise ValueError("is not base64url: it is cut short, or a character is too many")
    octets = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # Two spellings of one value would give one key two faces wherever texts are compared.
    if encode(octets) != text:
        raise ValueError("is not base64url: its last character has bits that belong to no octet")
    return octets


def encode_uint(number: int) -> str:
    """A positive integer, big-endian, in as few octets as hold it (RFC 7518 section 2, Base64urlUInt)."""
    return encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def decode_uint(text: str) -> int:
    """The integer behind `text`, leading zero octets tolerated. Raises ValueError as `decode` does."""
    return int.from_bytes(decode(text), "big")

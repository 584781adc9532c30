"""The minted token: prefix, 38 random base62 characters, 6 of CRC-32 (zero-padded) over those 38.

The prefix lets secret scanners find a leaked token, the checksum lets them and us tell a typo from a token.
"""

from __future__ import annotations

import hashlib
import secrets
import zlib
from dataclasses import dataclass, field

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_CHARACTERS = 38
_CHECKSUM_CHARACTERS = 6
_RANDOM_RANGE = 62**_RANDOM_CHARACTERS


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """`repr` hides the secret, so that a token in a traceback or a log is no leak."""

    secret: str = field(repr=False)

    @classmethod
    def generate(cls, prefix: str) -> OpaqueToken:
        body = _base62(secrets.randbelow(_RANDOM_RANGE), _RANDOM_CHARACTERS)
        return cls(f"{prefix}{body}{_checksum(body)}")

    @classmethod
    def parse(cls, text: str, prefix: str) -> OpaqueToken | None:
        """The token, or None when prefix, length, alphabet or checksum do not fit: no look-up is needed then."""
        body = text[len(prefix) : -_CHECKSUM_CHARACTERS]
        if not text.startswith(prefix) or len(body) != _RANDOM_CHARACTERS or not (body.isascii() and body.isalnum()):
            return None
        return cls(text) if text[-_CHECKSUM_CHARACTERS:] == _checksum(body) else None

    def digest(self) -> bytes:
        """SHA-256: all that is stored. The secret is long and random, so a slow hash would protect nothing."""
        return hashlib.sha256(self.secret.encode()).digest()


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_CHARACTERS)


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))

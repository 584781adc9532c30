"""Private keys in DER without any label: what is left of a PEM file whose BEGIN and END lines were not copied."""

from __future__ import annotations

import base64
import re

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{48,}={0,2}")
_HEAD = 48  # characters, of which a structure's kind can be told; whether the rest is whole does not matter
_SEQUENCE = 0x30
_PKCS5 = bytes.fromhex("06092a864886f70d0105")  # the object identifiers of encryption by a password (RFC 8018)


def is_private_der(text: str) -> bool:
    """Whether text is base64 of a private key: PKCS #8 (RFC 5958), plain or encrypted, PKCS #1 (RFC 8017) or SEC 1
    (RFC 5915).

    All of them are a sequence that begins with a small version number. Public keys and certificates begin with
    another sequence, or with a modulus.
    """
    compact = "".join(text.split())
    if not _BASE64.fullmatch(compact):
        return False
    head = base64.urlsafe_b64decode(compact[:_HEAD].replace("+", "-").replace("/", "_"))
    if head[0] != _SEQUENCE:
        return False
    body = head[2 + (head[1] & 0x7F if head[1] & 0x80 else 0) :]
    return body[:3] in (b"\x02\x01\x00", b"\x02\x01\x01") or (body[:1] == b"\x30" and _PKCS5 in body)

"""The numbers inside a JWK: read, named and measured, whatever their quality (RFC 7518 section 6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from exchange_apps.domain import base64url
from exchange_apps.domain.key_problem import Finding, KeyProblemCode

KeyType = Literal["RSA", "EC"]
Algorithm = Literal["RS256", "ES256"]


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What makes a key this key. `size` is in bits; `members` are canonical: equal keys, equal members."""

    kty: KeyType
    algorithm: Algorithm
    size: int
    members: Mapping[str, str]

    @property
    def thumbprint(self) -> str:
        """SHA-256 over the required members (RFC 7638), base64url: the same for every spelling of one key."""
        return thumbprint({"kty": self.kty, **self.members})


def thumbprint(required_members: Mapping[str, str]) -> str:
    """SHA-256 thumbprint (RFC 7638 section 3) of exactly the required members of a key, base64url."""
    text = json.dumps(dict(required_members), sort_keys=True, separators=(",", ":"))
    return base64url.encode(hashlib.sha256(text.encode("ascii")).digest())


def read_member(jwk: Mapping[str, object], name: str, findings: list[Finding]) -> bytes | None:
    """The octets of base64url member `name`; None, and one more of the `findings`, where there are none."""
    value = jwk.get(name)
    if not isinstance(value, str) or not value:
        findings.append(Finding(KeyProblemCode.MEMBER_MISSING, f'The member "{name}" is missing or is not text.'))
        return None
    try:
        return base64url.decode(value)
    except ValueError as error:
        findings.append(Finding(KeyProblemCode.ENCODING, f'The member "{name}" {error}.'))
        return None

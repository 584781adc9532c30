"""One public key that passed every rule (RFC 7517 section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from exchange_apps.domain import base64url
from exchange_apps.domain.key_material import Algorithm, KeyType, thumbprint

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_DESCRIPTIVE_MEMBERS = frozenset({"kid", "use", "alg"})


@dataclass(frozen=True, slots=True)
class PublicJWK:
    """A key as it may be stored and shown. Only `JWKSet.parse` and `inspect_jwks` make one.

    `size` is in bits. `members` are the public ones in a fixed order, numbers in their shortest spelling;
    everything else that the JWK held is gone, but for `expires_at`, in seconds since 1970 (`key_expiry`).
    """

    kid: str
    kty: KeyType
    algorithm: Algorithm
    size: int
    use: str | None
    members: Mapping[str, str] = field(repr=False, hash=False)
    expires_at: int | None = None

    def as_document(self) -> dict[str, str | int]:
        """The key as JSON."""
        return {**self.members} if self.expires_at is None else {**self.members, "exp": self.expires_at}

    @property
    def thumbprint(self) -> str:
        """SHA-256 thumbprint (RFC 7638), base64url: what tells whether two keys are the same key."""
        return thumbprint({name: self.members[name] for name in self.members.keys() - _DESCRIPTIVE_MEMBERS})

    def public_key(self) -> PublicKey:
        """The key for verification, built anew at each call: keep it where it is used often."""
        match self.kty:
            case "RSA":
                return rsa.RSAPublicNumbers(self._number("e"), self._number("n")).public_key()
            case "EC":
                return ec.EllipticCurvePublicNumbers(self._number("x"), self._number("y"), ec.SECP256R1()).public_key()
            case _:
                assert_never(self.kty)

    def label(self) -> str:
        """How a person calls this kind of key: `RSA 2048-bit`, `EC P-256`."""
        return f"RSA {self.size}-bit" if self.kty == "RSA" else f"EC {self.members['crv']}"

    def _number(self, name: str) -> int:
        return base64url.decode_uint(self.members[name])

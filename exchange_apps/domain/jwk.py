"""Key sets as customers give and publish them (RFC 7517 section 5), read strictly, public parts only.

`JWKSet.parse` takes a set as a whole or refuses it with every fault; `inspect_jwks` shows each key and keeps
the good ones, for sets that others publish and for a preview while somebody types. Both have the same rules.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from exchange_apps.domain.key_hygiene import InspectedKey, inspect_key
from exchange_apps.domain.key_problem import Finding, JWKSetError, KeyProblem, KeyProblemCode
from exchange_apps.domain.key_set_document import read_entries
from exchange_apps.domain.public_jwk import PublicJWK

__all__ = [
    "InspectedKey",
    "JWKSet",
    "JWKSetError",
    "KeyProblem",
    "KeyProblemCode",
    "KeySetInspection",
    "PublicJWK",
    "inspect_jwks",
]

_DUPLICATE = Finding(
    KeyProblemCode.KID_DUPLICATE,
    "Another key of the set has the same key id, so none of them can be told apart: give each its own kid.",
)


@dataclass(frozen=True, slots=True)
class JWKSet:
    """One or more sound public keys with different key ids, in the order of the document."""

    keys: tuple[PublicJWK, ...]

    @classmethod
    def parse(cls, document: str | bytes | Mapping[str, object]) -> JWKSet:
        """Read JSON text or an already parsed object. Raises JWKSetError with all problems together."""
        inspection = inspect_jwks(document)
        # Error pages show the variables of every frame an exception passed; this one may be a private key.
        del document
        if inspection.usable is None or inspection.all_problems:
            raise JWKSetError(inspection.all_problems)
        return inspection.usable

    def candidates(self, key_id: str | None, algorithm: str) -> tuple[PublicJWK, ...]:
        """The keys of this algorithm that may verify a signature: the one named, or all if none is."""
        return tuple(key for key in self.keys if key.algorithm == algorithm and (key_id is None or key.kid == key_id))

    def as_document(self) -> dict[str, list[dict[str, str | int]]]:
        """The set as JSON, public members only, sorted by key id: equal sets give equal documents."""
        return {"keys": [key.as_document() for key in sorted(self.keys, key=lambda key: key.kid)]}

    @property
    def digest(self) -> str:
        """SHA-256 of the document in hexadecimal: changes with any key, not with their order or layout."""
        return hashlib.sha256(json.dumps(self.as_document(), separators=(",", ":")).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class KeySetInspection:
    """What a document holds: a row for each key, what is wrong with the whole, the good keys if any."""

    rows: tuple[InspectedKey, ...]
    problems: tuple[KeyProblem, ...]
    usable: JWKSet | None

    @property
    def all_problems(self) -> tuple[KeyProblem, ...]:
        """Of the whole set first, then of each key in order."""
        return self.problems + tuple(problem for row in self.rows for problem in row.problems)


def inspect_jwks(document: str | bytes | Mapping[str, object]) -> KeySetInspection:
    """Judge a document key by key. Raises nothing, whatever the document is."""
    entries = read_entries(document)
    if isinstance(entries, Finding):
        return KeySetInspection((), (entries.at(""),), None)
    rows = _without_shared_kids([inspect_key(index, entry) for index, entry in enumerate(entries)])
    keys = tuple(row.key for row in rows if row.key is not None)
    return KeySetInspection(rows, (), JWKSet(keys) if keys else None)


def _without_shared_kids(rows: list[InspectedKey]) -> tuple[InspectedKey, ...]:
    uses = Counter(row.kid for row in rows)
    return tuple(row.refused(_DUPLICATE) if row.kid is not None and uses[row.kid] > 1 else row for row in rows)

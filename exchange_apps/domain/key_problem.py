"""What can be wrong with a key or a key set, and how it is told: where it stands, which code, what to do.

The sentences are read in forms, logs and error pages, and the document may hold a private key. So they never
repeat what a member holds, but for the short descriptive values that `quoted` makes safe.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_SHOWN_CHARACTERS = 64


class KeyProblemCode(StrEnum):
    """Why a key or a whole set is refused."""

    # the whole document
    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    DUPLICATE_MEMBER = "duplicate_member"
    PEM = "pem"
    NOT_A_SET = "not_a_set"
    EMPTY_SET = "empty_set"
    TOO_MANY_KEYS = "too_many_keys"
    # any key
    NOT_AN_OBJECT = "not_an_object"
    PRIVATE_MATERIAL = "private_material"
    KID_MISSING = "kid_missing"
    KID_INVALID = "kid_invalid"
    KID_DUPLICATE = "kid_duplicate"
    KEY_TYPE = "key_type"
    USE = "use"
    ALGORITHM = "algorithm"
    KEY_OPERATIONS = "key_operations"
    MEMBER_MISSING = "member_missing"
    ENCODING = "encoding"
    # RSA
    RSA_TOO_SMALL = "rsa_too_small"
    RSA_TOO_LARGE = "rsa_too_large"
    EXPONENT_TOO_SMALL = "exponent_too_small"
    EXPONENT_TOO_LARGE = "exponent_too_large"
    EXPONENT_EVEN = "exponent_even"
    MODULUS_EVEN = "modulus_even"
    SMALL_FACTOR = "small_factor"
    PERFECT_POWER = "perfect_power"
    CLOSE_PRIMES = "close_primes"
    ROCA = "roca"
    # EC
    CURVE = "curve"
    COORDINATE_SIZE = "coordinate_size"
    NOT_ON_CURVE = "not_on_curve"


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason for refusal, before it is known where it stands."""

    code: KeyProblemCode
    message: str

    def at(self, path: str, kid: str | None = None) -> KeyProblem:
        """The same reason in its place; `path` is "" for the whole set."""
        return KeyProblem(path, kid, self.code, self.message)


@dataclass(frozen=True, slots=True)
class KeyProblem:
    """A reason for refusal in its place: `keys[1]`, or "" for the whole set."""

    path: str
    kid: str | None
    code: KeyProblemCode
    message: str

    def __str__(self) -> str:
        if not self.path:
            return self.message
        place = self.path if self.kid is None else f"{self.path} (kid {quoted(self.kid)})"
        return f"{place}: {self.message}"


class JWKSetError(ValueError):
    """A key set was refused. Carries every problem found, not only the first."""

    def __init__(self, problems: tuple[KeyProblem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return " ".join(map(str, self.problems))


def printable(value: object) -> str | None:
    """`value` if it is non-empty printable text, cut to 64 characters; None for anything else."""
    if not isinstance(value, str) or not value or not value.isprintable():
        return None
    return value if len(value) <= MOST_SHOWN_CHARACTERS else f"{value[: MOST_SHOWN_CHARACTERS - 1]}…"


def quoted(value: object) -> str:
    """`value` in quotation marks where it may be shown, or a word that reads well in its place."""
    shown = printable(value)
    return "given" if shown is None else f'"{shown}"'

"""What every target of federation has: things to paste, cautions, conditions, and the request that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from exchange_apps.domain.near_misses.hint import Hint
from oidc_issuer.federation.conditions import Row
from oidc_issuer.federation.trust import Trust
from oidc_issuer.token_request import IDTokenRequest


class Severity(StrEnum):
    REFUSED = "refused"
    """The target will not take it, or the token will never fit."""
    WIDE = "wide"
    """It works, and trusts more than one may think."""


@dataclass(frozen=True, slots=True)
class Caution:
    severity: Severity
    text: Hint


def refused(sentence: str, **values: object) -> Caution:
    return Caution(Severity.REFUSED, Hint.of(sentence, **values))


def wide(sentence: str, **values: object) -> Caution:
    return Caution(Severity.WIDE, Hint.of(sentence, **values))


@dataclass(frozen=True, slots=True)
class Place:
    """Something at the other side that the texts must name; `form` is a regular expression for all of it."""

    name: str
    label: str
    example: str
    form: str


@dataclass(frozen=True, slots=True)
class Paste:
    """One text to copy: `key` names it in addresses and tests."""

    key: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Target:
    """`tests` are the target's own conditions; what is the same everywhere is in `trial`. `clock_leeway` in seconds."""

    key: str
    label: str
    algorithms: tuple[str, ...]
    clock_leeway: int
    needs_public_issuer: bool
    places: tuple[Place, ...]
    default_audience: Callable[[Mapping[str, str]], str]
    pastes: Callable[[Trust], Iterable[Paste]]
    cautions: Callable[[Trust], Iterator[Caution]]
    tests: Callable[[Trust, Mapping[str, Any]], Iterator[Row]]
    request: Callable[[Trust], IDTokenRequest]
    use: Callable[[Trust], str]
    """The shell lines of a step that use `$token_file`."""


def plain_request(trust: Trust) -> IDTokenRequest:
    """For targets that see all claims."""
    return IDTokenRequest(
        audience=trust.audience,
        lifetime=trust.lifetime,
        claims=trust.claims_to_ask_for(),
        subject_claim=trust.subject_claim,
    )

"""The receipt of one exchange: what was checked, in order, what was expected and what was seen.

The live path and the dry run fill the same receipt. It redacts by construction: whatever looks like a credential is
replaced before it is kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NoReturn

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import OAuthError

_MOST_CHARACTERS = 200
# A JWT (two or three base64url parts behind a JSON header), an opaque token of ours or a relative, a PEM block.
_CREDENTIAL = re.compile(r"eyJ[\w-]*\.[\w.-]*|\bbk[a-z]{2,4}_\w+|\b[a-zA-Z]{2,8}_\w{36,}|-----BEGIN.*", re.DOTALL)


def redacted(value: object) -> str:
    """A short, printable form of what was seen, with anything that looks like a credential taken out."""
    text = value if isinstance(value, str) else repr(value)
    text = without_credentials(text[: 4 * _MOST_CHARACTERS])
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 3] + "..."


def without_credentials(text: str) -> str:
    """The whole text, with anything that looks like a credential taken out."""
    return _CREDENTIAL.sub("[redacted]", text)


class Check(StrEnum):
    """The rows of a receipt, in the order of the exchange."""

    REQUEST = "request"
    FAILURE_LIMIT = "failure_limit"
    ASSERTION_FORMAT = "assertion_format"
    TOKEN_FORMAT = "token_format"
    PARENT = "parent"
    CLIENT = "client"
    PROVIDER = "provider"
    KEY = "key"
    SIGNATURE = "signature"
    KEY_SWITCHED_ON = "key_switched_on"
    ISSUER_AND_SUBJECT = "issuer_and_subject"
    CLIENT_ID = "client_id"
    ASSERTION_AUDIENCE = "assertion_audience"
    ISSUER = "issuer"
    TOKEN_AUDIENCE = "token_audience"
    TOKEN_TIMES = "token_times"
    ASSERTION_TIMES = "assertion_times"
    EXPIRY = "expiry"
    ISSUED_AT = "issued_at"
    NOT_BEFORE = "not_before"
    ASSERTION_LIFETIME = "assertion_lifetime"
    JTI = "jti"
    TOKEN_LIFETIME = "token_lifetime"
    APPLICATION_ENABLED = "application_enabled"
    PROVIDER_ENABLED = "provider_enabled"
    EXCHANGE_ENABLED = "exchange_enabled"
    EXCHANGE_LIMIT = "exchange_limit"
    ADDRESS = "address"
    TARGET = "target"
    STATEMENT = "statement"
    MODE = "mode"
    SUBJECT = "subject"
    SCOPE = "scope"
    REPLAY = "replay"


class ReceiptRow(NamedTuple):  # a dozen a mint: a frozen dataclass takes four times as long to make
    check: Check
    passed: bool
    expected: str = ""
    seen: str = ""

    def as_json(self) -> dict[str, object]:
        return {"check": self.check.value, "passed": self.passed, "expected": self.expected, "seen": self.seen}


@dataclass(slots=True)
class Receipt:
    rows: list[ReceiptRow] = field(default_factory=list)

    def passed(self, check: Check, seen: object = "", expected: str = "") -> None:
        self.rows.append(ReceiptRow(check, True, expected, seen if isinstance(seen, str) else str(seen)))

    def add_refused(self, check: Check, *, expected: str = "", seen: str = "") -> None:
        self.rows.append(ReceiptRow(check, False, expected, seen))

    def refused(
        self,
        check: Check,
        error: type[OAuthError],
        reason: DenialReason,
        *,
        parameter: str = "",
        expected: object = "",
        seen: object = "",
    ) -> NoReturn:
        """Add the failed row and raise the refusal that carries the same words."""
        expected, seen = redacted(expected), redacted(seen)
        self.add_refused(check, expected=expected, seen=seen)
        raise error(reason, parameter=parameter, expected=expected, seen=seen)

    def as_json(self) -> list[dict[str, object]]:
        return [{**row.as_json(), "expected": redacted(row.expected), "seen": redacted(row.seen)} for row in self.rows]

"""Why a job gets no ID token: the reason for the log, the status and sentence for the caller. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, NoReturn

from exchange_apps.domain.receipt import redacted


class Check(StrEnum):
    """The rows of a receipt, in the order of a request."""

    JOB_TOKEN = "job_token"
    JOB = "job"
    RUNNING = "running"
    REQUEST = "request"
    LIFETIME = "lifetime"
    AUDIENCE = "audience"
    SUBJECT = "subject"
    CLAIMS = "claims"
    SESSION_TAGS = "session_tags"
    SIGNING_KEY = "signing_key"


class Reason(StrEnum):
    JOB_TOKEN_UNKNOWN = "job_token_unknown"
    JOB_TOKEN_EXPIRED = "job_token_expired"
    JOB_OF_ANOTHER_TOKEN = "job_of_another_token"
    JOB_UNKNOWN = "job_unknown"
    JOB_NOT_RUNNING = "job_not_running"
    REQUEST_MALFORMED = "request_malformed"
    REQUEST_TOO_LARGE = "request_too_large"
    LIFETIME_INVALID = "lifetime_invalid"
    LIFETIME_TOO_HIGH = "lifetime_too_high"
    AUDIENCE_INVALID = "audience_invalid"
    AUDIENCE_NOT_ALLOWED = "audience_not_allowed"
    SUBJECT_CLAIM_MUTABLE = "subject_claim_mutable"
    CLAIM_UNKNOWN = "claim_unknown"
    CLAIM_WITHOUT_VALUE = "claim_without_value"
    TAG_UNUSABLE = "tag_unusable"
    NO_SIGNING_KEY = "no_signing_key"


STATUS: dict[Reason, int] = {
    Reason.JOB_TOKEN_UNKNOWN: 401,
    Reason.JOB_TOKEN_EXPIRED: 401,
    Reason.JOB_OF_ANOTHER_TOKEN: 403,
    Reason.JOB_UNKNOWN: 404,
    Reason.JOB_NOT_RUNNING: 409,
    Reason.REQUEST_MALFORMED: 400,
    Reason.REQUEST_TOO_LARGE: 413,
    Reason.NO_SIGNING_KEY: 503,
}
"""422 for all the others: the request was understood, and cannot be met."""


class IDTokenRefused(Exception):
    """No ID token. `message` is for the caller, and holds no credential."""

    def __init__(self, reason: Reason, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.status = STATUS.get(reason, 422)
        self.retry_after = retry_after


class ReceiptRow(NamedTuple):
    check: Check
    passed: bool
    expected: object = ""
    seen: object = ""

    def as_json(self) -> dict[str, object]:
        return {
            "check": self.check.value,
            "passed": self.passed,
            "expected": redacted(self.expected),
            "seen": redacted(self.seen),
        }


@dataclass(slots=True)
class Receipt:
    """What was checked, in order, as it stands in the event of a refusal; a token's receipt is never looked at."""

    rows: list[ReceiptRow] = field(default_factory=list)

    def passed(self, check: Check, seen: object = "") -> None:
        self.rows.append(ReceiptRow(check, True, "", seen))

    def refuse(
        self,
        check: Check,
        reason: Reason,
        message: str,
        *,
        expected: object = "",
        seen: object = "",
        retry_after: int | None = None,
    ) -> NoReturn:
        """Add the failed row and raise IDTokenRefused."""
        self.rows.append(ReceiptRow(check, False, expected, seen))
        raise IDTokenRefused(reason, message, retry_after=retry_after)

    def as_json(self) -> list[dict[str, object]]:
        """Without anything that looks like a credential."""
        return [row.as_json() for row in self.rows]

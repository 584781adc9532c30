"""The refusals of the OAuth endpoints: one class per code that is really sent (RFC 6749 5.2, RFC 8693 2.2.2)."""

from __future__ import annotations

import re
from typing import ClassVar

from exchange_apps.domain.denials import PUBLIC_SENTENCES, UNVERIFIED_REASONS, DenialReason

_OUTSIDE_RFC_6749 = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")


class OAuthError(Exception):
    """A refusal.

    `reason` is for the log. `expected` and `seen` are added to the public sentence, but only once the caller has
    proven who he is; both are already redacted (`receipt.redacted`). `retry_after` is in seconds.
    """

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self,
        reason: DenialReason,
        *,
        parameter: str = "",
        expected: str = "",
        seen: str = "",
        retry_after: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.parameter = parameter
        self.expected = expected
        self.seen = seen
        self.retry_after = retry_after
        self.headers = headers or {}

    @property
    def description(self) -> str:
        """The `error_description`: RFC 6749 characters only."""
        sentence = PUBLIC_SENTENCES[self.reason]
        if self.reason in UNVERIFIED_REASONS:
            return sentence
        if self.parameter:
            sentence += f": {self.parameter}"
        if self.expected:
            sentence += f"; expected {self.expected}"
        if self.seen:
            sentence += f"; got {self.seen}"
        return _OUTSIDE_RFC_6749.sub("?", sentence.replace('"', "'").replace("\\", "/"))


class InvalidRequest(OAuthError):
    code, status = "invalid_request", 400


class MethodNotAllowed(InvalidRequest):
    status = 405


class RequestTooLarge(InvalidRequest):
    status = 413


class InvalidClient(OAuthError):
    code, status = "invalid_client", 401


class UnauthorizedClient(OAuthError):
    code, status = "unauthorized_client", 400


class UnsupportedGrantType(OAuthError):
    code, status = "unsupported_grant_type", 400


class InvalidScope(OAuthError):
    code, status = "invalid_scope", 400


class InvalidGrant(OAuthError):
    code, status = "invalid_grant", 400


class InvalidTarget(OAuthError):
    code, status = "invalid_target", 400


class RateLimited(OAuthError):
    """Not a code RFC 6749 defines for this endpoint; docs/divergences.md says why it is used."""

    code, status = "temporarily_unavailable", 429


class TemporarilyUnavailable(OAuthError):
    code, status = "temporarily_unavailable", 503


class ServerError(OAuthError):
    """Made only by the exception handler."""

    code, status = "server_error", 500

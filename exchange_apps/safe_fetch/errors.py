"""Why a fetch brought nothing: refused by policy, or failed on the way."""

from enum import StrEnum


class FetchErrorCode(StrEnum):
    """Stable names for logs, metrics and tests; the sentence beside each is for people and may change."""

    # FetchRefused: nothing was sent
    INVALID_URL = "invalid_url"
    USERINFO = "userinfo_in_url"
    NOT_HTTPS = "not_https"
    ADDRESS = "address_refused"
    # FetchFailed: tried, and it did not work out
    NAME = "name_not_resolved"
    CONNECTION = "connection_failed"
    CERTIFICATE = "certificate_not_trusted"
    TLS = "tls_failed"
    TIMEOUT = "timed_out"
    REDIRECT = "redirected"
    STATUS = "unexpected_status"
    ENCODED = "encoded_answer"
    HEAD_TOO_LARGE = "headers_too_large"
    BODY_TOO_LARGE = "body_too_large"
    BROKEN = "broken_answer"


class FetchError(Exception):
    """A fetch that brought no document.

    ``code`` is for programs and ``str()`` is one sentence for a person. The sentence holds nothing of the URL
    but the host, since user information and queries may be secrets, and nothing of the answer but its status.
    ``status`` is the HTTP status, when the host got as far as giving one.
    """

    def __init__(self, code: FetchErrorCode, sentence: str, status: int | None = None) -> None:
        super().__init__(code, sentence, status)  # all of them, so that it can be pickled
        self.code = code
        self.sentence = sentence
        self.status = status

    def __str__(self) -> str:
        return self.sentence


class FetchRefused(FetchError):
    """The URL or an address of its host is against policy; no packet went to the host."""


class FetchFailed(FetchError):
    """Network, TLS, status, size or time; another attempt may succeed."""

"""For whom a token is asked: the `subject_token` of RFC 8693 section 2.1, here an identifier and no credential."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from exchange_apps.domain import urns

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOST_CHARACTERS = 320  # 64 + @ + 255: the longest e-mail address there is


class SubjectTokenType(StrEnum):
    USER_EMAIL = urns.SUBJECT_USER_EMAIL
    USER_UUID = urns.SUBJECT_USER_UUID


@dataclass(frozen=True, slots=True)
class SubjectToken:
    """`value` is normalized: an e-mail in lower case, a UUID in its 36 characters."""

    type: SubjectTokenType
    value: str

    @classmethod
    def parse(cls, token: str, token_type: SubjectTokenType) -> SubjectToken:
        """Raises ValueError with a sentence that does not repeat the value: it might be a misplaced credential."""
        if token_type is SubjectTokenType.USER_UUID:
            if not _UUID.fullmatch(token.lower()):
                raise ValueError("a UUID of 36 characters")
            return cls(token_type, token.lower())
        name, _, domain = token.rpartition("@")
        if not name or not domain or len(token) > MOST_CHARACTERS or any(c.isspace() for c in token):
            raise ValueError("an e-mail address")
        return cls(token_type, token.lower())

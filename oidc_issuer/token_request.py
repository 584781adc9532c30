"""What a job asks for, and whether it gets it: values in, claims or a refusal out. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from exchange_apps.domain.receipt import redacted
from exchange_apps.domain.strict_json import DocumentTooLarge, StrictJSONError, parse_json
from oidc_issuer.claims import (
    AWS_TAGS_CLAIM,
    SUBJECT_CLAIMS,
    ClaimValue,
    ClaimWithoutValue,
    JobFacts,
    UnknownClaim,
    aws_session_tags,
    claim_value,
    composite_subject,
    default_claims,
)
from oidc_issuer.refusals import Check, Reason, Receipt

DEFAULT_LIFETIME = 300
LONGEST_LIFETIME = 7200
SHORTEST_MAXIMUM = 60
MOST_BODY_BYTES = 64 * 1024
MOST_AUDIENCE_CHARACTERS = 1024
MOST_NAMES = 100
_AUDIENCE = re.compile(r"[^\s\x00-\x20\x7f-\xa0]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # what JSON can spell, and neither UTF-8 nor PostgreSQL can hold
_MOST_TAGS, _MOST_TAG_CHARACTERS = 50, 256  # AWS refuses more, and says less about it


@dataclass(frozen=True, slots=True)
class IDTokenRequest:
    """The body of a request; empty texts and zeros count as absent, as clients leave them out."""

    audience: str = ""
    lifetime: int = 0
    claims: tuple[str, ...] = ()
    aws_session_tags: tuple[str, ...] = ()
    subject_claim: str = ""


@dataclass(frozen=True, slots=True)
class IDTokenRules:
    """What an organization and the installation allow. Lifetimes are in seconds."""

    default_audience: str
    max_lifetime: int = LONGEST_LIFETIME
    allowed_audiences: frozenset[str] = frozenset()
    """Empty: any."""


@dataclass(frozen=True, slots=True)
class Grant:
    """The part of an ID token that depends on the request."""

    subject: str
    audience: str
    lifetime: int
    claims: dict[str, object]


def is_audience(text: str) -> bool:
    """Whether a text can be an `aud` at all: visible characters, no spaces."""
    return len(text) <= MOST_AUDIENCE_CHARACTERS and bool(_AUDIENCE.fullmatch(text))


def parse_id_token_request(body: bytes, receipt: Receipt) -> IDTokenRequest:
    """Members we do not know are ignored: a newer client may send more. Raises IDTokenRefused."""
    try:
        document = parse_json(body or b"{}", most_bytes=MOST_BODY_BYTES)
    except DocumentTooLarge as error:
        receipt.refuse(Check.REQUEST, Reason.REQUEST_TOO_LARGE, str(error))
    except StrictJSONError as error:
        receipt.refuse(Check.REQUEST, Reason.REQUEST_MALFORMED, str(error))
    if not isinstance(document, dict):
        receipt.refuse(Check.REQUEST, Reason.REQUEST_MALFORMED, "The body must be a JSON object")
    sent = {name: value for name, value in document.items() if value is not None}
    request = IDTokenRequest(
        audience=_text(sent, "audience", receipt),
        lifetime=_whole_number(sent, "lifetime", receipt),
        claims=_names(sent, "claims", receipt),
        aws_session_tags=_names(sent, "aws_session_tags", receipt),
        subject_claim=_text(sent, "subject_claim", receipt),
    )
    receipt.passed(Check.REQUEST)
    return request


def decide(job: JobFacts, request: IDTokenRequest, rules: IDTokenRules, receipt: Receipt) -> Grant:
    """Raises IDTokenRefused."""
    lifetime = _lifetime(request, rules, receipt)
    audience = _audience(request, rules, receipt)
    subject = _subject(job, request, receipt)
    claims: dict[str, object] = {**default_claims(job)}
    wanted = dict.fromkeys((*request.claims, *filter(None, [request.subject_claim])))
    claims |= {name: _claim(job, name, Check.CLAIMS, receipt) for name in wanted}
    receipt.passed(Check.CLAIMS, " ".join(wanted))
    if request.aws_session_tags:
        claims[AWS_TAGS_CLAIM] = _session_tags(job, request.aws_session_tags, receipt)
    return Grant(subject, audience, lifetime, claims)


def _lifetime(request: IDTokenRequest, rules: IDTokenRules, receipt: Receipt) -> int:
    lifetime = request.lifetime or min(DEFAULT_LIFETIME, rules.max_lifetime)
    if lifetime < 0:
        receipt.refuse(Check.LIFETIME, Reason.LIFETIME_INVALID, "Lifetime must not be negative", seen=lifetime)
    if lifetime > rules.max_lifetime:
        receipt.refuse(
            Check.LIFETIME,
            Reason.LIFETIME_TOO_HIGH,
            f"Requested lifetime too high (requested: {lifetime} max: {rules.max_lifetime})",
            expected=f"at most {rules.max_lifetime}",
            seen=lifetime,
        )
    receipt.passed(Check.LIFETIME, lifetime)
    return lifetime


def _audience(request: IDTokenRequest, rules: IDTokenRules, receipt: Receipt) -> str:
    audience = request.audience or rules.default_audience
    if not is_audience(audience):
        receipt.refuse(
            Check.AUDIENCE,
            Reason.AUDIENCE_INVALID,
            f"Audience must be 1 to {MOST_AUDIENCE_CHARACTERS} visible characters without spaces",
            seen=audience,
        )
    if rules.allowed_audiences and audience not in rules.allowed_audiences:
        receipt.refuse(
            Check.AUDIENCE,
            Reason.AUDIENCE_NOT_ALLOWED,
            f"Audience {redacted(audience)} is not on the organization's list of allowed audiences",
            expected=f"one of {len(rules.allowed_audiences)} allowed audiences",
            seen=audience,
        )
    receipt.passed(Check.AUDIENCE, audience)
    return audience


def _subject(job: JobFacts, request: IDTokenRequest, receipt: Receipt) -> str:
    name = request.subject_claim
    if not name:
        subject = composite_subject(job)
    elif name not in SUBJECT_CLAIMS:
        receipt.refuse(
            Check.SUBJECT,
            Reason.SUBJECT_CLAIM_MUTABLE,
            f"Subject claim {redacted(name)} cannot be used: only {', '.join(SUBJECT_CLAIMS)} never change",
            expected=", ".join(SUBJECT_CLAIMS),
            seen=name,
        )
    else:
        subject = str(_claim(job, name, Check.SUBJECT, receipt))
    receipt.passed(Check.SUBJECT, subject)
    return subject


def _session_tags(job: JobFacts, names: Sequence[str], receipt: Receipt) -> dict[str, object]:
    if len(names) > _MOST_TAGS:
        message = f"At most {_MOST_TAGS} AWS session tags are possible"
        receipt.refuse(Check.SESSION_TAGS, Reason.TAG_UNUSABLE, message, seen=len(names))
    for name in names:
        value = _claim(job, name, Check.SESSION_TAGS, receipt)
        if len(str(value)) > _MOST_TAG_CHARACTERS:
            message = f"AWS session tag {redacted(name)} would be longer than {_MOST_TAG_CHARACTERS} characters"
            receipt.refuse(Check.SESSION_TAGS, Reason.TAG_UNUSABLE, message, seen=value)
    receipt.passed(Check.SESSION_TAGS, " ".join(names))
    return aws_session_tags(job, names)


def _claim(job: JobFacts, name: str, check: Check, receipt: Receipt) -> ClaimValue:
    try:
        return claim_value(job, name)
    except UnknownClaim:
        receipt.refuse(check, Reason.CLAIM_UNKNOWN, f"Unknown claim {redacted(name)}", seen=name)
    except ClaimWithoutValue:
        message = f"Claim {redacted(name)} has no value for this job"
        receipt.refuse(check, Reason.CLAIM_WITHOUT_VALUE, message, seen=name)


def _text(sent: dict[str, object], name: str, receipt: Receipt) -> str:
    value = sent.get(name, "")
    if not _is_text(value):
        receipt.refuse(Check.REQUEST, Reason.REQUEST_MALFORMED, f"{name} must be a text", seen=value)
    return value


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and not _UNSTORABLE.search(value)


def _whole_number(sent: dict[str, object], name: str, receipt: Receipt) -> int:
    value = sent.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool):
        receipt.refuse(Check.REQUEST, Reason.REQUEST_MALFORMED, f"{name} must be a whole number", seen=value)
    return value


def _names(sent: dict[str, object], name: str, receipt: Receipt) -> tuple[str, ...]:
    value = sent.get(name, [])
    if not isinstance(value, list) or len(value) > MOST_NAMES or not all(_is_text(entry) for entry in value):
        message = f"{name} must be a list of at most {MOST_NAMES} texts"
        receipt.refuse(Check.REQUEST, Reason.REQUEST_MALFORMED, message, seen=value)
    return tuple(dict.fromkeys(value))

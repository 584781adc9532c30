"""Whether a statement says whose tokens it means, at an issuer that signs for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from exchange_apps.domain.identity_presets import IssuerProfile
from exchange_apps.domain.trust_policy.policy import Statement
from exchange_apps.domain.trust_policy.rules import ClaimRule, Matcher

_WILDCARD = re.compile(r"[*?]")
_NAMES_WITH_OWNER = ("repository", "project_path")
"""Claims of the form owner/name, where the owner alone already names the tenant."""


def required_texts(rule: ClaimRule) -> list[str]:
    """The texts and patterns of which a claim must meet one; empty where the rule does not demand any text."""
    for condition in rule.conditions:
        if condition.matcher in (Matcher.EQUALS, Matcher.IN, Matcher.MATCHES):
            texts = [value for value in condition.values if isinstance(value, str)]
            if len(texts) == len(condition.values):
                return texts
    return []


def names_tenant(statement: Statement, profile: IssuerProfile) -> bool:
    return any(True for _ in _pins(statement, profile))


def names_part_of_tenant(statement: Statement, profile: IssuerProfile) -> bool:
    """Whether something narrower than the whole tenant is demanded."""
    for rule in statement.rules:
        texts = required_texts(rule)
        if rule.claim in profile.narrowing and texts and not any(_covers_all_names(text) for text in texts):
            return True
        if rule.claim == "sub" and texts and all(_subject_names_part(text, profile) for text in texts):
            return True
    return False


def names_by_name(subjects: list[str], profile: IssuerProfile) -> bool:
    """Whether a `sub` names its tenant, and by a name only: GitHub's newer form carries the identifier too."""
    named = [re.match(profile.subject_tenant, text) for text in subjects] if profile.subject_tenant else []
    return any(found and "@" not in found[0] for found in named)


def _pins(statement: Statement, profile: IssuerProfile) -> Iterator[ClaimRule]:
    for rule in statement.rules:
        texts = required_texts(rule)
        if not texts:
            continue
        is_pin = (rule.claim in profile.tenant_claims and all(_is_fixed(rule.claim, text) for text in texts)) or (
            rule.claim == "sub" and profile.subject_tenant and all(_subject_is_fixed(t, profile) for t in texts)
        )
        if is_pin:
            yield rule


def _is_fixed(claim: str, text: str) -> bool:
    named = text.split("/", 1)[0] if claim in _NAMES_WITH_OWNER and "/" in text else text
    return bool(named) and not _WILDCARD.search(named)


def _subject_is_fixed(text: str, profile: IssuerProfile) -> bool:
    return re.match(profile.subject_tenant, text) is not None


def _subject_names_part(text: str, profile: IssuerProfile) -> bool:
    found = re.match(profile.subject_tenant, text) if profile.subject_tenant else None
    rest = text[found.end() :] if found else text
    return bool(rest) and not rest.startswith("*")


def _covers_all_names(text: str) -> bool:
    return re.fullmatch(r"(?:[^/*?]+/)?\*+", text) is not None

"""The trust linter: what is wrong, or wider than it looks, in whom an identity provider trusts. Pure.

Portal, API and configuration files all ask here, so none accepts what another refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from exchange_apps.domain.identity_presets import IssuerProfile, Preset, profile_for
from exchange_apps.domain.problems import Path
from exchange_apps.domain.trust_linter.coverage import covers, never_holds
from exchange_apps.domain.trust_linter.finding import Finding, Rule
from exchange_apps.domain.trust_linter.tenant import names_by_name, names_part_of_tenant, names_tenant, required_texts
from exchange_apps.domain.trust_policy.policy import Statement, TrustPolicy

LONG_TTL = 3600
"""Seconds; a token that lives longer than this is a long-lived one."""


@dataclass(frozen=True, slots=True)
class Trust:
    """All that the linter looks at. `token_ttl` in seconds is the provider's."""

    preset: Preset
    issuer: str
    audiences: Sequence[str]
    token_ttl: int
    policy: TrustPolicy


def lint(trust: Trust) -> list[Finding]:
    """Every finding, in the order of the policy."""
    profile = profile_for(trust.preset, trust.issuer)
    found = [*_of_the_provider(trust, profile)]
    for number, statement in enumerate(trust.policy.statements):
        path: Path = ("policy", number)
        for check in _CHECKS:
            found += check(statement, path, trust, profile)
        earlier = next((n for n in range(number) if covers(trust.policy.statements[n], statement)), None)
        if earlier is not None:
            found.append(
                Finding(
                    Rule.UNREACHABLE,
                    path,
                    f"Statement {earlier + 1} already decides every token that this one describes. "
                    "Put the narrower statement first.",
                )
            )
    return found


def _of_the_provider(trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    for number, audience in enumerate(trust.audiences):
        if profile.is_default_audience(audience):
            yield Finding(
                Rule.DEFAULT_AUDIENCE,
                ("audiences", number),
                f"“{audience}” is what {profile.label} puts into every token by default: a token made for anybody "
                "else works here too. Ask for an audience of your own.",
            )
    if trust.token_ttl > LONG_TTL:
        yield _long(("token_ttl",), trust.token_ttl)


def _no_claims(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    if not statement.rules:
        yield Finding(Rule.NO_CLAIMS, path, "Without claims it accepts every token of this issuer. Say which ones.")


def _tenant(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    if not statement.rules or names_tenant(statement, profile):
        return
    if profile.is_shared(trust.issuer):
        yield Finding(
            Rule.NO_TENANT,
            path,
            f"{profile.label} signs for all its customers under this one issuer. Name yours, without a wildcard: "
            f"{' or '.join(profile.tenant_claims)}.",
        )
    elif profile.preset is Preset.COUNTERFOIL:
        yield Finding(
            Rule.ANY_ORGANIZATION,
            path,
            "Any organization of that installation is accepted. Name one: organization_id.",
        )


def _contradictions(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    if statement.issuer not in (None, trust.issuer):
        yield Finding(
            Rule.NEVER_HOLDS, (*path, "iss"), f"This can never hold: the provider's issuer is {trust.issuer}."
        )
    for rule in statement.rules:
        if never_holds(rule, is_list=rule.claim in profile.list_claims):
            yield Finding(Rule.NEVER_HOLDS, (*path, "claims", rule.claim), "These matchers can never hold together.")
        elif rule.claim == "iss" and not rule.holds(trust.issuer):
            yield Finding(
                Rule.NEVER_HOLDS,
                (*path, "claims", "iss"),
                f"This can never hold: the provider's issuer is {trust.issuer}.",
            )


def _mutable_names(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    named = {rule.claim for rule in statement.rules}
    subject = next((rule for rule in statement.rules if rule.claim == "sub"), None)
    if subject and names_by_name(required_texts(subject), profile) and named.isdisjoint(profile.immutable.values()):
        yield Finding(
            Rule.MUTABLE_NAME,
            (*path, "claims", "sub"),
            f"This sub is made of names that can be given up and taken by somebody else. "
            f"Add {' or '.join(profile.immutable.values())}.",
        )
    for name, identifier in profile.immutable.items():
        if name in named and identifier not in named:
            yield Finding(
                Rule.MUTABLE_NAME,
                (*path, "claims", name),
                f"{name} is a name that can be given up and taken by somebody else. Add {identifier}, which stays.",
            )


def _whole_tenant(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    if not profile.is_shared(trust.issuer) or not names_tenant(statement, profile):
        return
    if not names_part_of_tenant(statement, profile):
        yield Finding(
            Rule.WHOLE_TENANT,
            path,
            f"Everything in that account is accepted. Narrow it down: {' or '.join(profile.narrowing[:3])}.",
        )


def _long_ttl(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    if statement.ttl is not None and statement.ttl > LONG_TTL:
        yield _long((*path, "ttl"), statement.ttl)


def _old_subject_form(statement: Statement, path: Path, trust: Trust, profile: IssuerProfile) -> Iterator[Finding]:
    if profile.preset is not Preset.GITHUB_ACTIONS:
        return
    for rule in statement.rules:
        if rule.claim == "sub" and _misses_new_form(required_texts(rule)):
            yield Finding(
                Rule.OLD_SUBJECT_FORM,
                (*path, "claims", "sub"),
                "Repositories made, renamed or moved since July 2026 send repo:owner@id/name@id:… instead, which this "
                "does not match. Use repository_id, or add a pattern for the newer form.",
            )


def _misses_new_form(texts: list[str]) -> bool:
    subjects = [text for text in texts if text.startswith("repo:")]
    return bool(subjects) and not any("@" in text.split("/", 1)[0] for text in subjects)


def _long(path: Path, seconds: int) -> Finding:
    return Finding(
        Rule.LONG_TTL, path, f"{seconds} s is more than an hour. A job that needs longer can ask for another token."
    )


Check = Callable[[Statement, Path, Trust, IssuerProfile], Iterator[Finding]]
_CHECKS: tuple[Check, ...] = (
    _no_claims,
    _tenant,
    _contradictions,
    _mutable_names,
    _whole_tenant,
    _long_ttl,
    _old_subject_form,
)

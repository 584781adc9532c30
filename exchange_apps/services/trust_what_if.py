"""What a changed identity provider would have decided about the tokens of the last days, before it is saved.

`would_decide(draft, decisions)` compares a draft with the saved provider on `trust_decisions.recent_decisions(draft)`
and tells what flips, in both directions. `accepted_of_recent(policy, draft)` counts for the line under a policy that is
being written. Nothing here reads or writes more than the saved provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.trust_policy import ABSENT, Statement, TrustPolicy
from exchange_apps.domain.workload_grant import ProviderRules
from exchange_apps.models import IdentityProvider, TrustDecision
from exchange_apps.services.provider_standing import provider_standing
from exchange_apps.services.trust_decisions import recent_decisions


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rules say about one kept token: accepted where `reason` is None. `statement` is counted from 0, `lifetime`
    in seconds, as far as the request did not narrow it. A token that is accepted by a provider that only observes
    counts as accepted."""

    reason: DenialReason | None
    statement: int | None = None
    scopes: tuple[str, ...] = ()
    lifetime: int | None = None
    act_as: str | None = None

    @property
    def is_accepted(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Flip:
    """One kept token about which the draft decides otherwise."""

    decision: TrustDecision
    before: Verdict
    after: Verdict


@dataclass(slots=True)
class WhatIf:
    """`changed` are accepted before and after, with other scopes, another lifetime or for somebody else. `unknown`
    counts tokens of which a claim that decides was not kept."""

    now_refused: list[Flip] = field(default_factory=list)
    now_accepted: list[Flip] = field(default_factory=list)
    changed: list[Flip] = field(default_factory=list)
    unchanged: int = 0
    unknown: int = 0

    @property
    def has_flips(self) -> bool:
        return bool(self.now_refused or self.now_accepted or self.changed)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Of `total` recent tokens `accepted` would be; about `unknown` more nothing can be said."""

    accepted: int
    total: int
    unknown: int


def would_decide(draft: IdentityProvider, decisions: Sequence[TrustDecision]) -> WhatIf:
    """The draft against the provider as it is saved; against nothing accepted at all where it is new.

    Raises PolicyRefused for a draft whose policy cannot be read.
    """
    after_rules = provider_standing(draft).rules
    saved = IdentityProvider.objects.select_related("organization", "key_set").filter(pk=draft.pk).first()
    before_rules = provider_standing(saved).rules if saved else None
    result = WhatIf()
    for decision in decisions:
        after = verdict(after_rules, decision)
        before = verdict(before_rules, decision) if before_rules else Verdict(DenialReason.POLICY_NO_MATCH)
        if after is None or before is None:
            result.unknown += 1
        else:
            _sort_in(result, Flip(decision, before, after))
    return result


def accepted_of_recent(
    policy: TrustPolicy, provider: IdentityProvider, decisions: Sequence[TrustDecision] | None = None
) -> Accepted:
    """How many of the issuer's recent tokens the statements of a policy accept, addresses and scopes left aside."""
    decisions = recent_decisions(provider) if decisions is None else decisions
    found = [_deciding(policy, provider.issuer, decision) for decision in decisions]
    unknown = sum(statement is _UNKNOWN for statement in found)
    return Accepted(sum(isinstance(one, Statement) for one in found), len(decisions) - unknown, unknown)


def verdict(rules: ProviderRules, decision: TrustDecision) -> Verdict | None:
    """None where a claim that decides was not kept."""
    if not _meets_audience(rules, decision):
        return Verdict(DenialReason.TOKEN_AUDIENCE)
    if not rules.exchange_addresses.allows(ip_address(decision.address) if decision.address else None):
        return Verdict(DenialReason.PROVIDER_ADDRESS)
    statement = _deciding(rules.policy, rules.issuer, decision)
    if statement is _UNKNOWN:
        return None
    if not isinstance(statement, Statement):
        return Verdict(DenialReason.POLICY_NO_MATCH)
    wanted = statement.scopes if decision.requested_scopes is None else ScopeSet.of(decision.requested_scopes)
    number = rules.policy.statements.index(statement)
    if not wanted <= statement.scopes:
        return Verdict(DenialReason.SCOPE_NOT_GRANTABLE, number)
    lifetime = rules.token_ttl if statement.ttl is None else statement.ttl
    return Verdict(None, number, tuple(wanted), lifetime, statement.act_as)


_UNKNOWN = object()


def _deciding(policy: TrustPolicy, issuer: str, decision: TrustDecision) -> Statement | object | None:
    """The statement that decides; None where none holds, `_UNKNOWN` where that hangs on a claim that was not kept."""
    known = decision.claims.keys() | set(decision.absent)
    for statement in policy.statements:
        if statement.issuer not in (None, issuer):
            continue
        judged = [rule for rule in statement.rules if rule.claim in known]
        if all(rule.holds(decision.claims.get(rule.claim, ABSENT)) for rule in judged):
            return statement if len(judged) == len(statement.rules) else _UNKNOWN
    return None


def _meets_audience(rules: ProviderRules, decision: TrustDecision) -> bool:
    seen = decision.claims.get("aud")
    return any(audience in rules.audiences for audience in (seen if isinstance(seen, list) else [seen]))


def _sort_in(result: WhatIf, flip: Flip) -> None:
    before, after = flip.before, flip.after
    if before.is_accepted and not after.is_accepted:
        result.now_refused.append(flip)
    elif after.is_accepted and not before.is_accepted:
        result.now_accepted.append(flip)
    elif after.is_accepted and _gets(before) != _gets(after):
        result.changed.append(flip)
    else:
        result.unchanged += 1


def _gets(verdict: Verdict) -> tuple[object, ...]:
    return verdict.scopes, verdict.lifetime, verdict.act_as

"""What a workload gets for a proven foreign token: the decision of a provider's policy, pure (CONTRACT 6)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import (
    InvalidClient,
    InvalidScope,
    InvalidTarget,
    OAuthError,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from exchange_apps.domain.ip_ranges import IPAddress, IPAllowlist
from exchange_apps.domain.lifetimes import granted_lifetime
from exchange_apps.domain.receipt import Check, Receipt, redacted
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.token_exchange import Grant
from exchange_apps.domain.trust_policy import ABSENT, FailedRule, Statement, TrustPolicy
from exchange_apps.domain.workload_request import WorkloadRequest


@dataclass(frozen=True, slots=True)
class ProviderRules:
    """All that a provider and its organization say about an exchange, without the database. `token_ttl` in seconds."""

    issuer: str
    audiences: tuple[str, ...]
    provider_enabled: bool
    exchange_enabled: bool
    organization_slug: str
    organization_uuid: str
    exchange_addresses: IPAllowlist
    token_addresses: IPAllowlist
    policy: TrustPolicy
    token_ttl: int


def check_provider(rules: ProviderRules, audience: str | None, address: IPAddress | None, receipt: Receipt) -> None:
    """Whether the provider takes tokens at all now, from there, for that organization. Raises as apps' `decide`."""
    if not rules.provider_enabled:
        receipt.refused(Check.PROVIDER_ENABLED, InvalidClient, DenialReason.PROVIDER_DISABLED)
    receipt.passed(Check.PROVIDER_ENABLED, "enabled")
    if not rules.exchange_enabled:
        receipt.refused(Check.EXCHANGE_ENABLED, UnsupportedGrantType, DenialReason.EXCHANGE_DISABLED)
    receipt.passed(Check.EXCHANGE_ENABLED, "on")
    seen = "an unknown address" if address is None else str(address)
    if not rules.exchange_addresses.allows(address):
        receipt.refused(Check.ADDRESS, UnauthorizedClient, DenialReason.PROVIDER_ADDRESS, seen=seen)
    receipt.passed(Check.ADDRESS, seen, "an address of the list" if rules.exchange_addresses.is_restricted else "any")
    expected = f"{rules.organization_slug} or {rules.organization_uuid}"
    if audience is not None:
        if audience != rules.organization_slug and audience.lower() != rules.organization_uuid:
            receipt.refused(
                Check.TARGET, InvalidTarget, DenialReason.AUDIENCE_INVALID, expected=expected, seen=audience
            )
        receipt.passed(Check.TARGET, audience, expected)


def deciding_statement(
    rules: ProviderRules, claims: dict[str, Any], *, refusal: type[OAuthError], receipt: Receipt, explain: bool = False
) -> Statement:
    """The first statement whose rules all hold; raises `refusal` where there is none.

    The receipt then has a row for each statement with the rule that failed; with `explain` also for those before the
    one that decides.
    """
    statement = rules.policy.first_match(claims, issuer=rules.issuer)
    if statement is None or explain:
        failures = rules.policy.failures(claims, issuer=rules.issuer)
        for failure in failures:
            name = rules.policy.statements[failure.statement].name
            receipt.add_refused(Check.STATEMENT, expected=_rule(failure, name), seen=shown_claim(failure.seen))
        if statement is None:
            if len(failures) > 1:  # which of them was meant to hold nobody knows; the receipt has them all
                raise refusal(DenialReason.POLICY_NO_MATCH)
            rule, seen = redacted(_rule(failures[0])), redacted(shown_claim(failures[0].seen))
            raise refusal(DenialReason.POLICY_NO_MATCH, expected=rule, seen=seen)
    number = rules.policy.statements.index(statement)
    receipt.passed(Check.STATEMENT, f"statement {number + 1}{_named(statement.name)}", "all its rules")
    return statement


def workload_grant(
    rules: ProviderRules, statement: Statement, request: WorkloadRequest, *, now: datetime, receipt: Receipt
) -> Grant:
    """The statement's scopes and lifetime, narrowed by the request; raises InvalidScope for more than that."""
    scopes = narrowed_scopes(statement.scopes, request.scopes, receipt)
    lifetime = granted_lifetime(request.expires_in, rules.token_ttl if statement.ttl is None else statement.ttl)
    return Grant(scopes, lifetime, now + timedelta(seconds=lifetime), rules.token_addresses)


def narrowed_scopes(granted: ScopeSet, requested: ScopeSet | None, receipt: Receipt) -> ScopeSet:
    """What is asked for, all of `granted` where nothing is. Raises InvalidScope."""
    scopes, expected = granted if requested is None else requested, f"some of: {granted.render()}"
    if beyond := scopes - granted:
        receipt.refused(
            Check.SCOPE, InvalidScope, DenialReason.SCOPE_NOT_GRANTABLE, expected=expected, seen=beyond.render()
        )
    receipt.passed(Check.SCOPE, scopes.render(), expected)
    return scopes


def shown_claim(value: object) -> str:
    """A claim's value for a receipt, as JSON so that `1` is not taken for `"1"`."""
    return "absent" if value is ABSENT else json.dumps(value, ensure_ascii=False)


def _rule(failure: FailedRule, name: str = "") -> str:
    return f"statement {failure.statement + 1}{_named(name)}: {failure.claim} {failure.condition.render()}"


def _named(name: str) -> str:
    return f" {json.dumps(name, ensure_ascii=False)}" if name else ""

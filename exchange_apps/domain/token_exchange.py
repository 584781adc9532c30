"""Who gets which token: the decision of an exchange, pure (RFC 8693 section 2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import (
    InvalidClient,
    InvalidScope,
    InvalidTarget,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from exchange_apps.domain.ip_ranges import IPAddress, IPAllowlist
from exchange_apps.domain.lifetimes import granted_lifetime
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.subject import SubjectToken


@dataclass(frozen=True, slots=True)
class TokenExchangeRequest:
    """A well-formed request. `audience` is an organization's slug or UUID; `expires_in` is in seconds."""

    client_assertion: str
    client_id: str | None
    subject: SubjectToken
    audience: str
    scopes: ScopeSet | None
    expires_in: int | None
    resource: str | None


@dataclass(frozen=True, slots=True)
class ExchangePolicy:
    """All that an application and its organization say about an exchange, without the database."""

    application_enabled: bool
    exchange_enabled: bool
    organization_slug: str
    organization_uuid: str
    exchange_addresses: IPAllowlist
    token_addresses: IPAllowlist
    grantable: ScopeSet
    default: ScopeSet
    max_token_ttl: int


@dataclass(frozen=True, slots=True)
class Grant:
    """What the token will carry, as it will be stored. `lifetime` is in seconds."""

    scopes: ScopeSet
    lifetime: int
    expires_at: datetime
    addresses: IPAllowlist


def decide(
    policy: ExchangePolicy,
    request: TokenExchangeRequest,
    *,
    address: IPAddress | None,
    now: datetime,
    receipt: Receipt,
) -> Grant:
    """The grant; raises InvalidClient, UnsupportedGrantType, UnauthorizedClient, InvalidTarget, InvalidScope."""
    _check_enabled(policy, receipt)
    _check_address(policy, address, receipt)
    _check_target(policy, request.audience, receipt)
    scopes = _granted_scopes(policy, request.scopes, receipt)
    lifetime = granted_lifetime(request.expires_in, policy.max_token_ttl)
    return Grant(scopes, lifetime, now + timedelta(seconds=lifetime), policy.token_addresses)


def _check_enabled(policy: ExchangePolicy, receipt: Receipt) -> None:
    if not policy.application_enabled:
        receipt.refused(Check.APPLICATION_ENABLED, InvalidClient, DenialReason.APPLICATION_DISABLED)
    receipt.passed(Check.APPLICATION_ENABLED, "enabled")
    if not policy.exchange_enabled:
        receipt.refused(Check.EXCHANGE_ENABLED, UnsupportedGrantType, DenialReason.EXCHANGE_DISABLED)
    receipt.passed(Check.EXCHANGE_ENABLED, "on")


def _check_address(policy: ExchangePolicy, address: IPAddress | None, receipt: Receipt) -> None:
    seen = "an unknown address" if address is None else str(address)
    if not policy.exchange_addresses.allows(address):
        receipt.refused(Check.ADDRESS, UnauthorizedClient, DenialReason.ADDRESS_NOT_ALLOWED, seen=seen)
    receipt.passed(Check.ADDRESS, seen, "an address of the list" if policy.exchange_addresses.is_restricted else "any")


def _check_target(policy: ExchangePolicy, audience: str, receipt: Receipt) -> None:
    expected = f"{policy.organization_slug} or {policy.organization_uuid}"
    if audience != policy.organization_slug and audience.lower() != policy.organization_uuid:
        receipt.refused(
            Check.TARGET,
            InvalidTarget,
            DenialReason.AUDIENCE_INVALID,
            expected=expected,
            seen=audience,
        )
    receipt.passed(Check.TARGET, audience, expected)


def _granted_scopes(policy: ExchangePolicy, requested: ScopeSet | None, receipt: Receipt) -> ScopeSet:
    if requested is None:
        if not policy.default:
            receipt.refused(
                Check.SCOPE, InvalidScope, DenialReason.SCOPE_NO_DEFAULT, expected=policy.grantable.render()
            )
        requested = policy.default
    beyond, expected = requested - policy.grantable, f"some of: {policy.grantable.render()}"
    if beyond:
        receipt.refused(
            Check.SCOPE,
            InvalidScope,
            DenialReason.SCOPE_NOT_GRANTABLE,
            expected=expected,
            seen=beyond.render(),
        )
    receipt.passed(Check.SCOPE, requested.render(), expected)
    return requested

"""An existing token, made smaller: fewer scopes, no longer life, the same networks, revoked with its parent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.origin import RequestOrigin
from audit.parties import OrganizationRef, Party
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest
from exchange_apps.domain.ip_ranges import allowlist_of
from exchange_apps.domain.lifetimes import granted_lifetime
from exchange_apps.domain.receipt import Check
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.token_exchange import Grant
from exchange_apps.domain.workload_grant import narrowed_scopes
from exchange_apps.domain.workload_request import DownscopeRequest
from exchange_apps.models import Membership, MintedToken
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.exchange_flow import IssuedToken, check_limits_in_redis, mint, run_exchange
from exchange_apps.services.failure_limit import find_blocked, limit_refusal
from exchange_apps.services.mint_intents import Holding
from exchange_apps.services.minted_tokens import DEEPEST, InactiveToken, ancestors, authenticate
from exchange_apps.services.standing import SubjectStanding
from exchange_apps.services.standings import FreshStandings, StaleStanding


@dataclass(frozen=True, slots=True)
class HolderStanding:
    """The app or provider behind a token of ours, as it buys another one."""

    token: MintedToken

    @property
    def client_id(self) -> str:
        application = self.token.application
        return application.client_id if application else str(self.token.identity_provider_id)

    @property
    def organization(self) -> OrganizationRef:
        return self.token.organization.ref()

    @property
    def organization_version(self) -> int:
        return self.token.organization.version

    @property
    def exchange_rate_limit(self) -> int:
        return self.token.organization.exchange_rate_limit

    def party(self) -> Party:
        return self.token.holder_party()


def downscope_token(request: DownscopeRequest, *, origin: RequestOrigin, now: datetime) -> IssuedToken:
    """Mint the smaller token, or raise the OAuthError that is already counted and recorded."""
    attempt = ExchangeAttempt(origin, now)
    return run_exchange(attempt, lambda standings: _exchange(request, attempt, standings))


def _exchange(request: DownscopeRequest, attempt: ExchangeAttempt, standings: FreshStandings) -> IssuedToken:
    if not standings.is_fresh:
        raise StaleStanding  # a token is looked up live, every time
    if failures := find_blocked(attempt.failure_key, now_ms=attempt.now_ms):
        raise limit_refusal(DenialReason.FAILURE_LIMIT, failures, attempt.receipt)
    parent = _prove_parent(request, attempt)
    holder = HolderStanding(parent)
    attempt.client, attempt.key_id, attempt.unverified_client_id = holder, parent.key_id, holder.client_id
    subject = attempt.subject = _subject(parent)
    check_limits_in_redis(holder, attempt)
    if len(ancestors(parent)) + 1 > DEEPEST:
        attempt.receipt.refused(
            Check.PARENT, InvalidRequest, DenialReason.PARENT_TOO_DEEP, expected=f"at most {DEEPEST} in a row"
        )
    return mint(_holding(request, holder, subject), _grant(request, parent, attempt), attempt)


def _prove_parent(request: DownscopeRequest, attempt: ExchangeAttempt) -> MintedToken:
    try:
        parent = authenticate(request.token, address=attempt.origin.ip, now=attempt.now)
    except InactiveToken:
        attempt.receipt.refused(Check.PARENT, InvalidRequest, DenialReason.PARENT_INACTIVE)
    attempt.receipt.passed(Check.PARENT, f"…{parent.last_four}", "a live token of ours")
    return parent


def _subject(parent: MintedToken) -> SubjectStanding | None:
    """The user the parent acts for, with the versions that the mint compares."""
    if parent.user is None:
        return None
    user = parent.user
    membership = Membership.objects.filter(user=user, organization_id=parent.organization_id).first()
    if membership is None:  # gone since the parent was looked at
        raise StaleStanding
    return SubjectStanding(user.pk, user.version, membership.pk, membership.version, user.email)


def _grant(request: DownscopeRequest, parent: MintedToken, attempt: ExchangeAttempt) -> Grant:
    scopes = narrowed_scopes(ScopeSet.of(parent.scopes), request.scopes, attempt.receipt)
    remaining = int((parent.expires_at - attempt.now).total_seconds())
    lifetime = granted_lifetime(request.expires_in, remaining)
    expires_at = min(parent.expires_at, attempt.now + timedelta(seconds=lifetime))
    return Grant(scopes, lifetime, expires_at, allowlist_of(tuple(parent.allowed_ips)))


def _holding(request: DownscopeRequest, holder: HolderStanding, subject: SubjectStanding | None) -> Holding:
    parent = holder.token
    application, provider = parent.application, parent.identity_provider
    return Holding(
        client=holder,
        application=(application.pk, application.version) if application else None,
        provider=(provider.pk, provider.version) if provider else None,
        subject=subject,
        principal=parent.principal,
        parent_id=parent.pk,
        key_id=parent.key_id,
        jti=None,
        resource=request.resource,
        data={
            "parent": str(parent.pk),
            "app": {"uuid": str(application.pk), "name": application.name} if application else None,
            "identity_provider": {"uuid": str(provider.pk), "name": provider.name} if provider else None,
            "workload": parent.principal,
            "user": {"uuid": str(subject.user_id), "email": subject.name} if subject else None,
        },
    )

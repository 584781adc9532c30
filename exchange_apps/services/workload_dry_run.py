"""A dry run of a workload's exchange: by the steps of the endpoint, up to the mint, for a person who wants to know why.

`foretell_workload` reads and writes nothing but its own audit event: no `jti` is used up, no limit spent, no failure
counted, no host asked for keys, and nothing of what was pasted is kept. With `draft` it decides by a provider that is
not saved yet.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.origin import IPAddress, RequestOrigin
from audit.parties import OrganizationRef, Party
from exchange_apps.domain.compact_jws import CompactJWS, MalformedJWS
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidGrant, OAuthError
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.domain.token_exchange import Grant
from exchange_apps.domain.workload_grant import deciding_statement
from exchange_apps.domain.workload_request import WorkloadRequest
from exchange_apps.models import IdentityProvider
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.current_keys import Holder, require_usable_keys
from exchange_apps.services.dry_run import look_at_limits, look_at_replay, record_dry_run
from exchange_apps.services.exchange_attempt import ExchangeAttempt
from exchange_apps.services.mint_intents import jti_digest
from exchange_apps.services.provider_standing import ProviderStanding, provider_standing
from exchange_apps.services.standing import SubjectStanding
from exchange_apps.services.standings import ForetoldStandings
from exchange_apps.services.workload_steps import Judgement, Trail, judge


@dataclass(frozen=True, slots=True)
class ForetoldWorkload:
    """What the endpoint would have answered: a refusal, or the grant and for whom (`subject` None: the workload).

    `claims` are what the token says, proven or not; `header` likewise. `statements` has a row for every statement up to
    the one that decides, also where the token is refused before its policy is asked, as an expired one is.
    """

    receipt: Receipt
    header: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    statements: Receipt = field(default_factory=Receipt)
    provider: ProviderStanding | None = None
    denial: OAuthError | None = None
    grant: Grant | None = None
    subject: SubjectStanding | None = None

    @property
    def party(self) -> Party | None:
        return self.provider.party() if self.provider else None


class _DraftStandings(ForetoldStandings):
    """One provider alone, as it would be."""

    def __init__(self, organization_id: uuid.UUID, draft: ProviderStanding) -> None:
        super().__init__(organization_id)
        self.draft = draft

    def find_providers(self, request: WorkloadRequest, issuer: object) -> tuple[ProviderStanding, ...]:
        return (self.draft,)

    def with_keys(self, holder: Holder, key_id: object, *, now: datetime, receipt: Receipt) -> Holder:
        require_usable_keys(holder, now=now, receipt=receipt)
        return holder


def foretell_workload(
    request: WorkloadRequest,
    *,
    organization: OrganizationRef,
    address: IPAddress | None,
    author: Author,
    draft: IdentityProvider | None = None,
) -> ForetoldWorkload:
    """As if the request came now, from that address. Providers of other organizations are unknown, as to a stranger.

    Raises PolicyRefused for a draft whose policy cannot be read.
    """
    attempt = ExchangeAttempt(RequestOrigin(address, "", ""), author.now)
    standings: ForetoldStandings = ForetoldStandings(organization.uuid)
    if draft is not None:
        standings = _DraftStandings(organization.uuid, provider_standing(draft))
    trail = Trail(is_foretold=True)
    header, claims = _decoded(request.token)
    denial: OAuthError | None = None
    try:
        _foretell(request, attempt, standings, trail)
    except OAuthError as refusal:
        denial = refusal
    judgement = trail.judgement
    foretold = ForetoldWorkload(
        attempt.receipt,
        header,
        claims,
        _statements(judgement.provider, claims) if judgement else Receipt(),
        judgement.provider if judgement else None,
        denial,
        judgement.grant if judgement and denial is None else None,
        judgement.subject if judgement and denial is None else None,
    )
    record_dry_run(foretold.party, denial, organization, author)
    return foretold


def workload_request(
    token: str, *, provider: IdentityProvider | None, organization: OrganizationRef
) -> WorkloadRequest:
    """A pasted ID token as a request: to one provider, or to whichever the organization has for its issuer."""
    provider_id, audience = (str(provider.pk), None) if provider else (None, organization.slug)
    return WorkloadRequest(token.strip(), provider_id, audience, None, None, None, InvalidGrant)


def _foretell(
    request: WorkloadRequest, attempt: ExchangeAttempt, standings: ForetoldStandings, trail: Trail
) -> Judgement:
    judgement = judge(request, attempt, standings, trail)
    look_at_limits(attempt, judgement.provider)
    assert judgement.token is not None  # noqa: S101 - accepted
    digest = jti_digest(judgement.provider.client_id, judgement.token.jti)
    look_at_replay(attempt, digest, (request.refusal, DenialReason.TOKEN_REPLAYED))
    return judgement


def _decoded(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        jws = CompactJWS.parse(token)
    except MalformedJWS:
        return {}, {}
    return jws.unverified_header, jws.unverified_claims


def _statements(provider: ProviderStanding, claims: dict[str, Any]) -> Receipt:
    receipt = Receipt()
    with suppress(OAuthError):  # the rows are what is wanted
        deciding_statement(provider.rules, claims, refusal=InvalidGrant, receipt=receipt, explain=True)
    return Receipt([row for row in receipt.rows if row.check is Check.STATEMENT])

"""What is known of an app and of a subject at one moment, with the versions of the rows it was read from.

Standings are kept in the process and used again without asking the database. That is safe because they decide nothing
alone: the mint statement compares their versions with the rows (triggers count a row's version up whenever it changes)
and mints nothing on a difference, and no refusal is given on a kept standing; `exchange_token` reads it anew first.
"""

from __future__ import annotations

import uuid
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.db.models import Q

from audit.parties import OrganizationRef, Party, PartyType
from exchange_apps.domain.client_assertion import AssertionRules
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.errors import InvalidRequest
from exchange_apps.domain.ip_ranges import allowlist_of
from exchange_apps.domain.jwk import JWKSet
from exchange_apps.domain.key_freshness import REFETCH_GAP
from exchange_apps.domain.receipt import Check, Receipt
from exchange_apps.domain.scopes import ScopeSet
from exchange_apps.domain.subject import SubjectToken, SubjectTokenType
from exchange_apps.domain.token_exchange import ExchangePolicy
from exchange_apps.models import ApplicationKey, ExchangeApplication, Membership, RemoteKeySet, User

TOKEN_ENDPOINT_PATHS = ("/oauth/token", "/v2/oauth/token")
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class RemoteKeys:
    """The times of an app's fetched key set; the first two None before its first fetch.

    `retry_at`, while its host fails: when an exchange tries it again. The background job, where one runs, has tried by
    then, so that no exchange waits for a host that hangs.
    """

    id: uuid.UUID
    fresh_until: datetime | None
    usable_until: datetime | None
    retry_at: datetime | None

    @classmethod
    def of(cls, key_set: RemoteKeySet) -> RemoteKeys:
        retry_at = None
        if key_set.failing_since is not None and key_set.refresh_at is not None:
            retry_at = key_set.refresh_at + timedelta(seconds=REFETCH_GAP)
        return cls(key_set.id, key_set.fresh_until, key_set.usable_until, retry_at)

    def is_fresh(self, now: datetime) -> bool:
        return self.fresh_until is not None and now < self.fresh_until

    def is_usable(self, now: datetime) -> bool:
        return self.usable_until is not None and now < self.usable_until

    def is_due(self, now: datetime) -> bool:
        """Whether an exchange should fetch the set anew."""
        if self.is_fresh(now):
            return False
        return self.retry_at is None or now >= self.retry_at or not self.is_usable(now)


@dataclass(frozen=True, slots=True)
class ApplicationStanding:
    id: uuid.UUID
    version: int
    client_id: str
    name: str
    organization: OrganizationRef
    organization_version: int
    exchange_rate_limit: int
    keys: JWKSet
    switched_off: frozenset[str]
    remote_keys: RemoteKeys | None
    rules: AssertionRules
    policy: ExchangePolicy

    @property
    def versions(self) -> tuple[uuid.UUID, int, uuid.UUID, int]:
        return self.id, self.version, self.organization.uuid, self.organization_version

    def party(self) -> Party:
        return Party(PartyType.TOKEN_EXCHANGE_APP, self.id, self.name)

    def read_again(self) -> ApplicationStanding | None:
        return read_application(self.client_id)


@dataclass(frozen=True, slots=True)
class SubjectStanding:
    """A user for whom the organization's apps may mint: verified, active, and an active member."""

    user_id: uuid.UUID
    user_version: int
    membership_id: uuid.UUID
    membership_version: int
    name: str

    def party(self) -> Party:
        return Party(PartyType.USER, self.user_id, self.name)


class ExchangeClient(Protocol):
    """Whoever buys a token: an app, an identity provider for its workloads, the holder of a token of ours.

    `client_id` names it in logs and tallies.
    """

    @property
    def client_id(self) -> str: ...
    @property
    def organization(self) -> OrganizationRef: ...
    @property
    def organization_version(self) -> int: ...
    @property
    def exchange_rate_limit(self) -> int: ...
    def party(self) -> Party: ...


Kept = TypeVar("Kept")


_memories: list[StandingMemory[Any]] = []


class StandingMemory(Generic[Kept]):
    """Standings of this process; the oldest goes when there are too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, Kept] = OrderedDict()
        _memories.append(self)

    def find(self, key: object) -> Kept | None:
        return self._kept.get(key)

    def keep(self, key: object, standing: Kept) -> Kept:
        while len(self._kept) >= _MOST_KEPT:
            self._kept.popitem(last=False)
        self._kept[key] = standing
        return standing

    def forget(self) -> None:
        self._kept.clear()


_applications: StandingMemory[ApplicationStanding] = StandingMemory()
_subjects: StandingMemory[SubjectStanding] = StandingMemory()


def forget_standings() -> None:
    """For tests: a new process knows of nobody."""
    for memory in _memories:
        memory.forget()


def find_kept_application(client_id: str | None) -> ApplicationStanding | None:
    return _applications.find(client_id)


def find_kept_subject(token: SubjectToken, organization: OrganizationRef) -> SubjectStanding | None:
    return _subjects.find((organization.uuid, token))


def read_subject(token: SubjectToken, organization: OrganizationRef, receipt: Receipt) -> SubjectStanding:
    """As the database has it now; kept for the next exchange. Raises InvalidRequest."""
    return _subjects.keep((organization.uuid, token), _read_subject(token, organization, receipt))


def read_application(client_id: str | None) -> ApplicationStanding | None:
    """As the database has it now; kept for the next exchange.

    Only versions are asked for where they prove what is kept to be current: a known client then takes no longer than
    an unknown one.
    """
    rows = ExchangeApplication.objects.filter(client_id=client_id or "")
    versions = rows.values_list("id", "version", "organization_id", "organization__version").first()
    kept = _applications.find(client_id)
    if versions is None or (kept is not None and versions == kept.versions):
        return kept if versions else None
    row = rows.select_related("organization", "key_set").first()
    return None if row is None else _applications.keep(client_id, application_standing(row))


def application_standing(row: ExchangeApplication) -> ApplicationStanding:
    organization = row.organization
    key_set = row.key_set
    marked = ApplicationKey.objects.filter(Q(is_foreign=True) | Q(switched_off_at__isnull=False), application=row)
    foreign: set[str] = set()
    switched_off: set[str] = set()
    for kid, is_foreign in marked.values_list("kid", "is_foreign"):
        (foreign if is_foreign else switched_off).add(kid)
    return ApplicationStanding(
        id=row.id,
        version=row.version,
        client_id=row.client_id,
        name=row.name,
        organization=organization.ref(),
        organization_version=organization.version,
        exchange_rate_limit=organization.exchange_rate_limit,
        keys=JWKSet(tuple(key for key in row.keys().keys if key.kid not in foreign)),
        switched_off=frozenset(switched_off),
        remote_keys=None if key_set is None else RemoteKeys.of(key_set),
        rules=AssertionRules(
            accepted_audiences=(settings.PUBLIC_URL, *(settings.PUBLIC_URL + path for path in TOKEN_ENDPOINT_PATHS)),
            max_lifetime=row.max_assertion_lifetime,
            require_jti=organization.require_jti,
        ),
        policy=ExchangePolicy(
            application_enabled=row.enabled,
            exchange_enabled=organization.token_exchange_enabled,
            organization_slug=organization.slug,
            organization_uuid=str(organization.id),
            exchange_addresses=allowlist_of(tuple(row.exchange_allowed_ips)),
            token_addresses=allowlist_of(tuple(row.token_allowed_ips)),
            grantable=ScopeSet.of(row.grantable_scopes),
            default=ScopeSet.of(row.default_scopes),
            max_token_ttl=row.max_token_ttl,
        ),
    )


def _read_subject(token: SubjectToken, organization: OrganizationRef, receipt: Receipt) -> SubjectStanding:
    by_email = token.type is SubjectTokenType.USER_EMAIL
    user = User.objects.filter(**({"email": token.value} if by_email else {"pk": token.value})).first()
    if user is None:
        receipt.refused(Check.SUBJECT, InvalidRequest, DenialReason.SUBJECT_UNKNOWN)
    if by_email and not user.email_verified:
        receipt.refused(Check.SUBJECT, InvalidRequest, DenialReason.SUBJECT_UNVERIFIED)
    membership = Membership.objects.filter(user=user, organization_id=organization.uuid).first()
    if membership is None:
        receipt.refused(Check.SUBJECT, InvalidRequest, DenialReason.SUBJECT_NOT_MEMBER)
    if not membership.active or not user.is_active:
        receipt.refused(Check.SUBJECT, InvalidRequest, DenialReason.SUBJECT_SUSPENDED)
    return SubjectStanding(user.id, user.version, membership.id, membership.version, user.email)

"""How one exchange looks things up: among what this process kept, in the database, or only to foretell."""

from __future__ import annotations

import uuid
from datetime import datetime

from audit.parties import OrganizationRef
from exchange_apps.domain.receipt import Receipt
from exchange_apps.domain.subject import SubjectToken
from exchange_apps.domain.workload_request import WorkloadRequest
from exchange_apps.services.current_keys import Holder, may_use_kept_keys, require_usable_keys, with_current_keys
from exchange_apps.services.provider_standing import ProviderStanding, find_kept_providers, read_providers
from exchange_apps.services.standing import (
    ApplicationStanding,
    SubjectStanding,
    find_kept_application,
    find_kept_subject,
    read_application,
    read_subject,
)


class StaleStanding(Exception):
    """The app or the subject changed since it was read; nothing was written."""


class FreshStandings:
    """As the database has it now."""

    is_fresh = True

    def find_application(self, client_id: str | None) -> ApplicationStanding | None:
        return read_application(client_id)

    def with_keys(self, holder: Holder, key_id: object, *, now: datetime, receipt: Receipt) -> Holder:
        """Raises TemporarilyUnavailable when there are no keys that may still be used."""
        return with_current_keys(holder, key_id, now=now, receipt=receipt)

    def find_providers(self, request: WorkloadRequest, issuer: object) -> tuple[ProviderStanding, ...]:
        """The one named by the request, or the enabled ones of the organization with that unverified issuer, in order
        of creation."""
        return read_providers(request.provider_id, request.audience, issuer)

    def get_subject(self, token: SubjectToken, organization: OrganizationRef, receipt: Receipt) -> SubjectStanding:
        """Raises InvalidRequest: one public sentence for four private reasons."""
        return read_subject(token, organization, receipt)


class KeptStandings(FreshStandings):
    """As this process remembers it.

    Apps are looked up here first and then in the database. Known or not, a client then costs strangers the same: one
    check of the signature with what is kept, one look at the database, one more check.
    """

    is_fresh = False

    def find_application(self, client_id: str | None) -> ApplicationStanding | None:
        return find_kept_application(client_id)

    def with_keys(self, holder: Holder, key_id: object, *, now: datetime, receipt: Receipt) -> Holder:
        if not may_use_kept_keys(holder, now=now):
            raise StaleStanding
        return holder

    def find_providers(self, request: WorkloadRequest, issuer: object) -> tuple[ProviderStanding, ...]:
        return find_kept_providers(request.provider_id, request.audience, issuer)

    def get_subject(self, token: SubjectToken, organization: OrganizationRef, receipt: Receipt) -> SubjectStanding:
        return find_kept_subject(token, organization) or read_subject(token, organization, receipt)


class ForetoldStandings(FreshStandings):
    """For a dry run: apps and providers of one organization, every other is unknown; and no host is asked for keys."""

    def __init__(self, organization_id: uuid.UUID) -> None:
        self.organization_id = organization_id

    def find_application(self, client_id: str | None) -> ApplicationStanding | None:
        found = read_application(client_id)
        return found if found is not None and found.organization.uuid == self.organization_id else None

    def find_providers(self, request: WorkloadRequest, issuer: object) -> tuple[ProviderStanding, ...]:
        found = super().find_providers(request, issuer)
        return tuple(provider for provider in found if provider.organization.uuid == self.organization_id)

    def with_keys(self, holder: Holder, key_id: object, *, now: datetime, receipt: Receipt) -> Holder:
        require_usable_keys(holder, now=now, receipt=receipt)
        return holder

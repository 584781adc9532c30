"""Asking an address or an issuer for its keys before anything relies on it: what would come of it, nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import ngettext

from exchange_apps.domain.jwk import KeySetInspection, inspect_jwks
from exchange_apps.domain.key_freshness import fresh_seconds
from exchange_apps.models import Organization
from exchange_apps.services import rate_limit
from exchange_apps.services.applications import check_uri
from exchange_apps.services.discovery import discover
from exchange_apps.services.outbound import FetchFailure, fetch_document

TRIALS_PER_MINUTE = 10


@dataclass(frozen=True, slots=True)
class TrialFetch:
    """What a host answered just now."""

    status: int
    elapsed_ms: int
    fresh_for: int  # seconds
    inspection: KeySetInspection

    @property
    def minutes(self) -> int:
        return self.fresh_for // 60


@dataclass(frozen=True, slots=True)
class TrialDiscovery:
    """Where an issuer says its keys are, and what was found there."""

    jwks_uri: str
    keys: TrialFetch | FetchFailure


def try_uri(uri: str, organization: Organization, *, now: datetime) -> TrialFetch | FetchFailure:
    """Fetch what `uri` publishes. Raises ValidationError for an address policy forbids, and past the limit a minute.

    Not to be called inside a transaction: it may take five seconds. Shared rows are neither read nor written, so it
    tells nothing of who else uses the address.
    """
    check_uri(uri)
    _spend_trial(organization, "jwks_uri", now)
    return _fetched(uri)


def try_issuer(issuer: str, organization: Organization, *, now: datetime) -> TrialDiscovery | FetchFailure:
    """Ask an issuer where its keys are, and fetch them; as `try_uri`, and counted together with it."""
    _spend_trial(organization, "issuer", now)
    found = discover(issuer)
    return found if isinstance(found, FetchFailure) else TrialDiscovery(found.jwks_uri, _fetched(found.jwks_uri))


def _spend_trial(organization: Organization, field: str, now: datetime) -> None:
    trials = rate_limit.spend(f"trial-fetch:{organization.pk}", TRIALS_PER_MINUTE, now_ms=int(now.timestamp() * 1000))
    if trials.is_exceeded:
        sentence = ngettext(
            "That was a lot of fetches. The next is possible in %d second.",
            "That was a lot of fetches. The next is possible in %d seconds.",
            trials.reset,
        )
        raise ValidationError({field: sentence % trials.reset})


def _fetched(uri: str) -> TrialFetch | FetchFailure:
    fetched = fetch_document(uri)
    if isinstance(fetched, FetchFailure):
        return fetched
    return TrialFetch(
        fetched.status, int(fetched.elapsed * 1000), fresh_seconds(fetched.cache_control), inspect_jwks(fetched.body)
    )

"""What a workload asks for with somebody else's OIDC token, whichever of the wire shapes it came in."""

from __future__ import annotations

from dataclasses import dataclass

from exchange_apps.domain.errors import OAuthError
from exchange_apps.domain.scopes import ScopeSet


@dataclass(frozen=True, slots=True)
class WorkloadRequest:
    """A well-formed request. At least one of `provider_id`, a provider's UUID, and `audience`, an organization's slug
    or UUID, is there. `refusal` is the error that the shape has for a token that is not accepted."""

    token: str
    provider_id: str | None
    audience: str | None
    scopes: ScopeSet | None
    expires_in: int | None
    resource: str | None
    refusal: type[OAuthError]


@dataclass(frozen=True, slots=True)
class DownscopeRequest:
    """A token of ours, to be made smaller."""

    token: str
    scopes: ScopeSet | None
    expires_in: int | None
    resource: str | None

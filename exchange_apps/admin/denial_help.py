"""What to do about a refusal: the advice for its reason, and a link to where it is mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.domain.denial_advice import ADVICE, Place
from exchange_apps.domain.denials import DenialReason
from exchange_apps.models import ExchangeApplication, IdentityProvider

_APP = "admin:exchange_apps_exchangeapplication_change"
_PROVIDER = "admin:exchange_apps_identityprovider_change"
_ORGANIZATION = "admin:exchange_apps_organization_change"
_MEMBERS = "admin:exchange_apps_membership_changelist"
_PAGES: dict[Place, tuple[str, str, Any]] = {
    Place.APP: (_APP, "#general", gettext_lazy("Open the app’s settings")),
    Place.APP_KEYS: (_APP, "#keys", gettext_lazy("Open the app’s keys")),
    Place.APP_SCOPES: (_APP, "#scopes", gettext_lazy("Edit the app’s scopes")),
    Place.APP_NETWORKS: (_APP, "#limits", gettext_lazy("Edit the app’s networks")),
    Place.APP_LIFETIMES: (_APP, "#limits", gettext_lazy("Edit the app’s lifetimes")),
    Place.PROVIDER: (_PROVIDER, "", gettext_lazy("Open the identity provider")),
    Place.ORGANIZATION: (_ORGANIZATION, "", gettext_lazy("Open the organization settings")),
    Place.MEMBERS: (_MEMBERS, "", gettext_lazy("Open the members")),
}
_TABLES: dict[str, Any] = {_APP: ExchangeApplication, _PROVIDER: IdentityProvider}


@dataclass(frozen=True, slots=True)
class DenialHelp:
    meaning: str
    mend: str
    label: str = ""
    url: str = ""


def denial_help(
    reason: str, *, client_id: Any, organization_id: Any, may_change: bool, reverse: Callable[..., str]
) -> DenialHelp | None:
    """`client_id` is the UUID of the app or identity provider, `reverse` makes addresses inside the organization.

    No link where the role may not change, or nothing is there.
    """
    if reason not in set(DenialReason):
        return None
    advice = ADVICE[DenialReason(reason)]
    meaning, mend = _(advice.meaning), _(advice.mend)
    if advice.place is None or not may_change:
        return DenialHelp(meaning, mend)
    page, anchor, label = _PAGES[advice.place]
    if page in _TABLES:
        found = _TABLES[page].objects.filter(pk=client_id, organization_id=organization_id)
        if client_id is None or not found.exists():
            return DenialHelp(meaning, mend)
    args = {_APP: [client_id], _PROVIDER: [client_id], _ORGANIZATION: [organization_id]}.get(page, [])
    return DenialHelp(meaning, mend, str(label), reverse(page, *args) + anchor)

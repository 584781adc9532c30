"""What a changed provider means for the tokens of the last days: how many it accepts, and what would flip.

The views write waiting decisions down before (`flush_decisions`): forms are checked inside a transaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from exchange_apps.admin.widgets import duration
from exchange_apps.domain.trust_policy import PolicyRefused
from exchange_apps.models import IdentityProvider, ProviderMode
from exchange_apps.services.trust_decisions import kept_decisions
from exchange_apps.services.trust_what_if import Accepted, Flip, Verdict, WhatIf, accepted_of_recent, would_decide

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class FlipRow:
    """One token about which the draft decides otherwise."""

    flip: Flip
    subject: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class FlipGroup:
    label: str
    level: str
    rows: list[FlipRow]
    count: int


def accepted_of(draft: IdentityProvider) -> Accepted | None:
    """None where the policy cannot be read, or nothing is known of the issuer's tokens."""
    try:
        found = accepted_of_recent(draft.trust(), draft, kept_decisions(draft))
    except PolicyRefused:
        return None
    return found if found.total or found.unknown else None


def what_if(draft: IdentityProvider) -> WhatIf:
    """Of a provider that is saved already; nothing flips by making a new one."""
    if draft._state.adding:
        return WhatIf()
    return would_decide(draft, [found for found in kept_decisions(draft) if found.provider_id == draft.pk])


def observed_by(provider: IdentityProvider) -> dict[str, int] | None:
    """What a provider that only observes has decided lately; None for one that mints."""
    if provider.mode != ProviderMode.OBSERVE:
        return None
    seen = [found for found in kept_decisions(provider) if found.is_observed and found.provider_id == provider.pk]
    return {"total": len(seen), "accepted": sum(found.statement is not None for found in seen)}


def flip_groups(found: WhatIf) -> list[FlipGroup]:
    return list(_groups(found))


def _groups(found: WhatIf) -> Iterator[FlipGroup]:
    for label, level, flips in (
        (_("Accepted until now, refused from then on"), "bad", found.now_refused),
        (_("Refused until now, accepted from then on"), "warn", found.now_accepted),
        (_("Accepted with something else than before"), "accent", found.changed),
    ):
        if flips:
            yield FlipGroup(label, level, [_row(flip) for flip in flips[:_MOST_SHOWN]], len(flips))


def _row(flip: Flip) -> FlipRow:
    return FlipRow(flip, _subject(flip.decision.claims), _said(flip.before), _said(flip.after))


def _subject(claims: dict[str, Any]) -> str:
    return str(claims.get("sub") or _("a token without a subject"))


def _said(verdict: Verdict) -> str:
    if verdict.reason is not None:
        return _("refused: %s") % verdict.reason.value
    parts = [_("statement %d") % ((verdict.statement or 0) + 1), " ".join(verdict.scopes)]
    if verdict.lifetime is not None:
        parts.append(duration(verdict.lifetime))
    if verdict.act_as:
        parts.append(_("as %s") % verdict.act_as)
    return " · ".join(parts)

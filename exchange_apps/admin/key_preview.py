"""What a pasted or published key set would mean for an app, before it is saved: by the rules that saving has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from exchange_apps.admin.fields import converted_from_pem, holds_private_material
from exchange_apps.admin.key_panel import expiry_badge
from exchange_apps.domain.jwk import InspectedKey, KeySetInspection, inspect_jwks
from exchange_apps.models import ApplicationKey, ExchangeApplication, Organization
from exchange_apps.services.application_keys import expiry_of, foreign_thumbprints
from exchange_apps.services.identity_providers import check_fetchable_issuer
from exchange_apps.services.key_use import keys_in_use
from exchange_apps.services.outbound import FetchFailure
from exchange_apps.services.trial_fetch import try_issuer, try_uri


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One entry of the set. `problems` are sentences; without any, the key may sign."""

    kid: str
    kind: str
    algorithm: str
    use: str
    thumbprint: str
    problems: tuple[str, ...]
    expires_at: datetime | None = None
    expiry: str = ""


def preview_text(text: str, application: ExchangeApplication, *, now: datetime) -> dict[str, Any]:
    """The context of `portal/key_preview.html` for text in the field of pasted keys. Nothing secret is in it."""
    if not text.strip():
        return {}
    if holds_private_material(text):
        return {"is_private": True}
    if converted := converted_from_pem(text):
        return {"converted": converted, "rows": _rows(inspect_jwks(converted), application)}
    return preview_inspection(inspect_jwks(text), application, now=now)


def preview_inspection(
    inspection: KeySetInspection, application: ExchangeApplication, *, now: datetime
) -> dict[str, Any]:
    leaving = [] if inspection.usable is None else removed_keys(application, inspection.usable.keys, now=now)
    problems = [problem.message for problem in inspection.problems]
    return {"rows": _rows(inspection, application), "problems": problems, "leaving": leaving}


def preview_issuer(issuer: str, organization: Organization, *, now: datetime) -> dict[str, Any]:
    """The context of `portal/key_preview.html` for an issuer, asked just now where its keys are and for them."""
    try:
        check_fetchable_issuer(issuer)
        found = try_issuer(issuer, organization, now=now)
    except ValidationError as refusal:
        return {"refusal": " ".join(refusal.messages)}
    if isinstance(found, FetchFailure):
        return {"failure": found}
    if isinstance(found.keys, FetchFailure):
        return {"discovered": found.jwks_uri, "failure": found.keys}
    problems = [problem.message for problem in found.keys.inspection.problems]
    rows = inspected_rows(found.keys.inspection)
    return {"discovered": found.jwks_uri, "fetched": found.keys, "problems": problems, "rows": rows}


def inspected_rows(inspection: KeySetInspection) -> list[PreviewRow]:
    """The keys of an issuer, who may well be trusted by other organizations too."""
    return [_row(row, False) for row in inspection.rows]


def preview_uri(uri: str, application: ExchangeApplication, *, now: datetime) -> dict[str, Any]:
    """The context of `portal/key_preview.html` for an address, asked just now."""
    if not uri:
        return {"refusal": _("Give the https address that publishes the keys.")}
    try:
        found = try_uri(uri, application.organization, now=now)
    except ValidationError as refusal:
        return {"refusal": " ".join(refusal.messages)}
    if isinstance(found, FetchFailure):
        return {"failure": found}
    return {"fetched": found, **preview_inspection(found.inspection, application, now=now)}


def removed_keys(application: ExchangeApplication, keys: Iterable[Any], *, now: datetime) -> list[ApplicationKey]:
    """Keys that signed within the last day and would no longer be among the app's."""
    if application._state.adding:
        return []
    staying = {key.thumbprint for key in keys}
    leaving = [key for key in application.keys().keys if key.thumbprint not in staying]
    return keys_in_use(application, [key.kid for key in leaving], now=now)


def _rows(inspection: KeySetInspection, application: ExchangeApplication) -> list[PreviewRow]:
    foreign = set() if inspection.usable is None else foreign_thumbprints(application, inspection.usable)
    return [_row(row, row.thumbprint in foreign) for row in inspection.rows]


def _row(row: InspectedKey, is_foreign: bool) -> PreviewRow:
    problems = [problem.message for problem in row.problems]
    if is_foreign:
        problems.append(_("An app of another organization has this very key. Generate a key pair of your own."))
    kind = row.key.label() if row.key else " ".join(filter(None, (row.kty, f"{row.size}-bit" if row.size else None)))
    expires_at = expiry_of(row.key) if row.key else None
    return PreviewRow(
        kid=row.kid or _("key %d") % (row.index + 1),
        kind=kind or "–",
        algorithm=row.alg or (row.key.algorithm if row.key else "–"),
        use=row.use or "–",
        thumbprint=row.thumbprint or "",
        problems=tuple(problems),
        expires_at=expires_at,
        expiry=expiry_badge(expires_at, timezone.now()) if expires_at else "",
    )

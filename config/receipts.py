"""The receipt on an event's page, wherever that page is: lines, advice, and the link to where it is mended."""

from __future__ import annotations

from functools import partial
from typing import Any

from audit.actions import AuditAction
from audit.models import AuditEvent
from config.organization_prefix import reverse_inside
from exchange_apps.admin.denial_help import denial_help
from exchange_apps.admin.receipt_lines import receipt_lines
from oidc_issuer.admin.receipt_lines import id_token_receipt_lines

_WITH_RECEIPT = (
    AuditAction.TOKEN_EXCHANGE_DENIED,
    AuditAction.TOKEN_EXCHANGE_OBSERVED,
    AuditAction.EXCHANGE_DRY_RUN,
)


def event_receipt(event: AuditEvent, request: Any) -> dict[str, Any]:
    """What `portal/receipt.html` shows of a refused exchange; empty for every other event."""
    if event.type == AuditAction.ID_TOKEN_DENIED:
        return {"lines": id_token_receipt_lines(event.data.get("receipt") or [])}
    if event.type not in _WITH_RECEIPT or not event.reason:
        return {}
    rows = event.data.get("receipt")
    client_id = event.subject_id if event.type == AuditAction.EXCHANGE_DRY_RUN else event.actor_id
    return {
        "lines": receipt_lines(rows if isinstance(rows, list) else [], event.organization_id),
        "help": denial_help(
            event.reason,
            client_id=client_id,
            organization_id=event.organization_id,
            may_change=event.organization_id is not None and request.whole_access.may_change(event.organization_id),
            reverse=partial(reverse_inside, event.organization_slug),
        ),
    }

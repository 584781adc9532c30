"""Changing webhooks: who is sent the log of an organization. Secrets are answered once, and rest encrypted."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.models import AuditChain
from audit.parties import PartyType
from audit.recorder import record_event
from exchange_apps.domain.standard_webhooks import new_secret
from exchange_apps.models import PauseReason, WebhookDeadLetter, WebhookEndpoint, WebhookProgress
from exchange_apps.safe_fetch import FetchRefused
from exchange_apps.safe_fetch.precheck import check_fetchable
from exchange_apps.services.audited_changes import Author, ChangeKind, delete_audited, save_audited
from exchange_apps.services.encryption import encrypt
from exchange_apps.services.webhooks.claims import LET_GO

WEBHOOK = ChangeKind(
    party_type=PartyType.AUDIT_WEBHOOK,
    created=AuditAction.AUDIT_WEBHOOK_CREATED,
    updated=AuditAction.AUDIT_WEBHOOK_UPDATED,
    deleted=AuditAction.AUDIT_WEBHOOK_DELETED,
    fields=("name", "shown_url", "url_sha256", "format", "types"),
)
MOST_WEBHOOKS = 10
BOTH_SECRETS = timedelta(hours=24)
"""So long the old secret signs beside a new one."""
_FRESH_START = {"tries": 0, "retry_at": None, "failing_since": None, "paused_at": None, "paused_because": "", **LET_GO}


def create_webhook(endpoint: WebhookEndpoint, *, author: Author) -> str:
    """Save a new webhook; answers its secret, which nobody is told again. Raises ValidationError.

    It is sent what is sealed from now on.
    """
    if WebhookEndpoint.objects.filter(organization=endpoint.organization_id).count() >= MOST_WEBHOOKS:
        raise ValidationError(_("An organization has at most %d webhooks.") % MOST_WEBHOOKS)
    secret = new_secret()
    endpoint.secret = encrypt(secret)
    with transaction.atomic():
        save_webhook(endpoint, author=author)
        chain = AuditChain.objects.filter(pk=endpoint.organization_id).first()
        WebhookProgress.objects.create(endpoint=endpoint, delivered_sequence=chain.sequence if chain else 0)
    return secret


def save_webhook(endpoint: WebhookEndpoint, *, author: Author) -> bool:
    """Save changes; False when nothing differs. Raises ValidationError."""
    try:
        check_fetchable(endpoint.url, settings.OUTBOUND_ALLOWED_NETWORKS)
    except FetchRefused as error:
        raise ValidationError({"url": error.sentence}) from None
    return save_audited(endpoint, WEBHOOK, organization=endpoint.organization.ref(), author=author)


def delete_webhook(endpoint: WebhookEndpoint, *, author: Author) -> None:
    delete_audited(endpoint, WEBHOOK, organization=endpoint.organization.ref(), author=author)


def rotate_secret(endpoint: WebhookEndpoint, *, author: Author) -> str:
    """A new secret, answered once. For a day the old one signs beside it."""
    secret = new_secret()
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        locked.previous_secret, locked.secret = locked.secret, encrypt(secret)
        locked.previous_secret_until = author.now + BOTH_SECRETS
        locked.save(update_fields=["secret", "previous_secret", "previous_secret_until"])
        _record(AuditAction.AUDIT_WEBHOOK_SECRET_ROTATED, endpoint, author)
    return secret


def pause_webhook(endpoint: WebhookEndpoint, *, author: Author) -> bool:
    """Send nothing more until it is resumed; False when it was paused already."""
    with transaction.atomic():
        running = WebhookProgress.objects.filter(endpoint=endpoint, paused_at=None)
        if not running.update(paused_at=author.now, paused_because=PauseReason.PERSON, **LET_GO):
            return False
        _record(AuditAction.AUDIT_WEBHOOK_PAUSED, endpoint, author)
    return True


def resume_webhook(endpoint: WebhookEndpoint, *, author: Author, skip: bool = False) -> bool:
    """Go on where it stopped, or with `skip` behind the event that was not taken; False when it is not paused."""
    with transaction.atomic():
        progress = WebhookProgress.objects.select_for_update().filter(endpoint=endpoint).exclude(paused_at=None).first()
        if progress is None:
            return False
        waiting = WebhookDeadLetter.objects.filter(endpoint=endpoint, sequence__gt=progress.delivered_sequence)
        skipped = waiting.order_by("sequence").first() if skip else None
        moved = {"delivered_sequence": skipped.sequence} if skipped else {}
        WebhookProgress.objects.filter(endpoint=endpoint).update(**_FRESH_START, **moved)
        data = {"skipped": str(skipped.event_id)} if skipped else {}
        _record(AuditAction.AUDIT_WEBHOOK_RESUMED, endpoint, author, **data)
    return True


def move_webhook(endpoint: WebhookEndpoint, sequence: int, *, author: Author) -> None:
    """Send everything from this place of the chain on, once more where it was sent before."""
    with transaction.atomic():
        before = WebhookProgress.objects.select_for_update().get(endpoint=endpoint).delivered_sequence
        WebhookProgress.objects.filter(endpoint=endpoint).update(delivered_sequence=sequence - 1, **_FRESH_START)
        _record(AuditAction.AUDIT_WEBHOOK_REPLAYED, endpoint, author, from_sequence=sequence, was_at=before)


def _record(action: AuditAction, endpoint: WebhookEndpoint, author: Author, **data: object) -> None:
    record_event(
        action,
        occurred_at=author.now,
        organization=endpoint.organization.ref(),
        actor=author.actor,
        subject=endpoint.party(),
        origin=author.origin,
        data=data,
    )

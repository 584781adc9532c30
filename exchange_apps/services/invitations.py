"""Inviting people by e-mail: who may come, in which role, until when.

Whether an address belongs to somebody who has an account plays no part and shows nowhere. A link works once: only the
SHA-256 of its secret is kept, sending again makes a new one, and an answer takes the invitation away.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction, Outcome
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.models import INVITATION_LIFETIME, Invitation, Membership, Organization, Role
from exchange_apps.services import rate_limit
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.invitation_letter import send_letter
from exchange_apps.services.organizations import lock_organization

LETTERS_PER_MINUTE = 20
"""Of one organization."""
LETTERS_TO_ONE_PER_MINUTE = 2
"""To one address, whoever sends them."""
MOST_PENDING = 500


def invite(organization: Organization, email: str, role: Role, *, author: Author) -> Invitation:
    """Invite an address and send the letter; `sent_at` of the answer is None when the mail server would not take it.

    Must not run inside a transaction: the letter goes out once the invitation is there. Raises ValidationError.
    """
    email = email.lower()
    secret, digest = _new_secret()
    with transaction.atomic():
        lock_organization(organization.pk)
        _refuse_known(organization, email, author.now)
        invitation = Invitation(
            organization=organization,
            email=email,
            role=role,
            digest=digest,
            invited_by_id=author.actor.uuid if author.actor.type is PartyType.USER else None,
            created_at=author.now,
            expires_at=author.now + INVITATION_LIFETIME,
        )
        invitation.full_clean(exclude=("invited_by",))  # nobody, where a command invites
        _count_letter(organization.pk, email, author.now)
        invitation.save()
        record(invitation, AuditAction.ORGANIZATION_INVITATION_CREATED, author, expires_at=_iso(invitation))
    send_letter(invitation, secret, author)
    return invitation


def resend(invitation: Invitation, *, author: Author) -> Invitation:
    """Send a new link, good for another week; the one before stops working. As `invite` otherwise."""
    secret, digest = _new_secret()
    with transaction.atomic():
        invitation = claim(invitation)
        _count_letter(invitation.organization_id, invitation.email, author.now)
        invitation.digest, invitation.sent_at = digest, None
        invitation.expires_at = author.now + INVITATION_LIFETIME
        invitation.save()
        record(invitation, AuditAction.ORGANIZATION_INVITATION_RESENT, author, expires_at=_iso(invitation))
    send_letter(invitation, secret, author)
    return invitation


def withdraw(invitation: Invitation, *, author: Author) -> None:
    """The link stops working. Raises ValidationError when it has been answered meanwhile."""
    with transaction.atomic():
        invitation = claim(invitation)
        record(invitation, AuditAction.ORGANIZATION_INVITATION_WITHDRAWN, author)
        invitation.delete()


def claim(invitation: Invitation) -> Invitation:
    """The invitation as it is now, nobody else's until the transaction ends. Raises ValidationError when it is gone."""
    found = (
        Invitation.objects.select_for_update(of=("self",))
        .select_related("organization")
        .filter(pk=invitation.pk, digest=invitation.digest)
        .first()
    )
    if found is None:
        raise ValidationError(_("This invitation has been answered, renewed or withdrawn meanwhile."))
    return found


def record(
    invitation: Invitation,
    action: AuditAction,
    author: Author,
    *,
    outcome: Outcome = Outcome.SUCCESS,
    reason: str = "",
    **data: Any,
) -> None:
    record_event(
        action,
        occurred_at=author.now,
        organization=invitation.organization.ref(),
        actor=author.actor,
        subject=Party(PartyType.INVITATION, invitation.pk, invitation.email),
        origin=author.origin,
        outcome=outcome,
        reason=reason,
        data={"role": invitation.role, **data},
    )


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _new_secret() -> tuple[str, bytes]:
    secret = secrets.token_urlsafe(32)
    return secret, digest_of(secret)


def _refuse_known(organization: Organization, email: str, now: datetime) -> None:
    """Members and invited people are known to whoever may invite; an invitation that is over gives way."""
    if Membership.objects.filter(organization=organization, user__email=email).exists():
        raise ValidationError({"email": _("This person is a member already.")})
    pending = Invitation.objects.filter(organization=organization)
    pending.filter(email=email, expires_at__lte=now).delete()
    if pending.filter(email=email).exists():
        raise ValidationError({"email": _("This person is invited already. Send the invitation again instead.")})
    if pending.count() >= MOST_PENDING:
        raise ValidationError(_("Too many invitations wait for an answer. Withdraw some first."))


def _count_letter(organization_id: uuid.UUID, email: str, now: datetime) -> None:
    """Last of all checks: a counter in Redis does not go back with the transaction. Raises ValidationError."""
    now_ms = int(now.timestamp() * 1000)
    address = hashlib.sha256(email.encode()).hexdigest()
    for key, limit in (
        (f"invitations:{organization_id}", LETTERS_PER_MINUTE),
        (f"invitations-to:{address}", LETTERS_TO_ONE_PER_MINUTE),
    ):
        if rate_limit.spend(key, limit, now_ms=now_ms).is_exceeded:
            raise ValidationError(_("Too many invitations in a minute. Wait a little, then try again."))


def _iso(invitation: Invitation) -> str:
    return invitation.expires_at.isoformat(timespec="seconds")

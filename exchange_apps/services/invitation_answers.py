"""What becomes of an invitation: accepted, declined, or too late.

Whoever holds the link got it in a letter to the invited address, so accepting proves the address.
"""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction, Outcome
from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.models import Invitation, Membership, Role, User
from exchange_apps.services import rate_limit
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.invitations import claim, digest_of, record
from exchange_apps.services.organizations import save_membership, save_user

LATE_TRIES_RECORDED_PER_MINUTE = 3


def find_invitation(secret: str) -> Invitation | None:
    return find_by_digest(digest_of(secret))


def find_by_digest(digest: bytes) -> Invitation | None:
    return Invitation.objects.select_related("organization", "invited_by").filter(digest=digest).first()


def may_set_password(user: User | None) -> bool:
    """Whether an invited person gets an account by answering: there is none yet, or one that nobody ever used.

    Everybody else signs in as always. An operator's account is never opened by a letter.
    """
    if user is None:
        return True
    untouched = user.last_login is None and not user.has_usable_password()
    return untouched and user.is_active and not user.is_superuser


def accept(invitation: Invitation, user: User, *, author: Author) -> Membership:
    """The person becomes a member in the role offered; somebody who is one already stays as is.

    Raises ValidationError when the invitation is for somebody else, over or gone.
    """
    with transaction.atomic():
        invitation = _claim_in_time(invitation, author)
        if user.email != invitation.email:
            raise ValidationError(_("This invitation is for another e-mail address."))
        if not user.email_verified:
            user.email_verified = True
            save_user(user, author=author)
        membership = Membership.objects.filter(organization=invitation.organization, user=user).first()
        if membership is None:
            membership = Membership(organization=invitation.organization, user=user, role=Role(invitation.role))
            save_membership(membership, author=author)
        record(invitation, AuditAction.ORGANIZATION_INVITATION_ACCEPTED, author)
        invitation.delete()
    return membership


def accept_as_newcomer(
    invitation: Invitation, *, name: str, password: str, origin: RequestOrigin, author: Author
) -> User:
    """The account and the membership at once. Raises ValidationError, also where the address has an owner already."""
    with transaction.atomic():
        invitation = _claim_in_time(invitation, author)
        user = User.objects.select_for_update().filter(email=invitation.email).first()
        if not may_set_password(user):
            raise ValidationError(_("There is an account with this address. Sign in to accept."))
        user = user or User(email=invitation.email)
        user.name, user.email_verified = name, True
        user.set_password(password)
        author = Author(Party(PartyType.USER, user.pk, user.email), origin, author.now)
        save_user(user, author=author)
        accept(invitation, user, author=author)
    return user


def decline(invitation: Invitation, *, author: Author) -> None:
    """Whoever holds the link may, signed in or not. Raises ValidationError when it is over or gone."""
    with transaction.atomic():
        invitation = _claim_in_time(invitation, author)
        record(invitation, AuditAction.ORGANIZATION_INVITATION_DECLINED, author)
        invitation.delete()


def note_late_try(invitation: Invitation, *, author: Author) -> None:
    """Somebody opened a link that is over. Recorded a few times a minute at most."""
    key, now_ms = f"invitation-late:{invitation.pk}", int(author.now.timestamp() * 1000)
    if not rate_limit.spend(key, LATE_TRIES_RECORDED_PER_MINUTE, now_ms=now_ms).is_exceeded:
        action = AuditAction.ORGANIZATION_INVITATION_REFUSED
        record(invitation, action, author, outcome=Outcome.DENIED, reason="expired")


def _claim_in_time(invitation: Invitation, author: Author) -> Invitation:
    invitation = claim(invitation)
    if invitation.is_expired(author.now):
        raise ValidationError(_("This invitation has expired."))
    return invitation

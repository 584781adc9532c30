"""Changing organizations, users and who belongs to what."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.models import Membership, Organization, Role, Scope, User
from exchange_apps.services.applications import delete_application
from exchange_apps.services.audited_changes import Author, ChangeKind, delete_audited, save_audited

ORGANIZATION = ChangeKind(
    party_type=PartyType.ORGANIZATION,
    created=AuditAction.ORGANIZATION_CREATED,
    updated=AuditAction.ORGANIZATION_UPDATED,
    deleted=AuditAction.ORGANIZATION_DELETED,
    fields=("slug", "name", "token_exchange_enabled", "require_jti", "exchange_rate_limit", "allowed_ips"),
)
MEMBERSHIP = ChangeKind(
    party_type=PartyType.ORGANIZATION_MEMBER,
    created=AuditAction.ORGANIZATION_MEMBER_CREATED,
    updated=AuditAction.ORGANIZATION_MEMBER_UPDATED,
    deleted=AuditAction.ORGANIZATION_MEMBER_DELETED,
    fields=("user", "role", "active"),
)
USER = ChangeKind(
    party_type=PartyType.USER,
    created=AuditAction.USER_CREATED,
    updated=AuditAction.USER_UPDATED,
    deleted=None,
    fields=("email", "name", "email_verified", "is_active", "is_superuser"),
)
SCOPE = ChangeKind(
    party_type=PartyType.SCOPE,
    created=AuditAction.SCOPE_CREATED,
    updated=AuditAction.SCOPE_UPDATED,
    deleted=AuditAction.SCOPE_DELETED,
    fields=("name", "group", "label", "description", "writes"),
)


def save_organization(organization: Organization, *, author: Author) -> bool:
    """Create or change an organization; False when nothing differs. Raises ValidationError."""
    return save_audited(organization, ORGANIZATION, organization=organization.ref(), author=author)


def delete_organization(organization: Organization, *, author: Author) -> None:
    """Remove an organization with its members and apps, each with its own event. The log of it stays."""
    with transaction.atomic():
        for application in organization.applications.all():
            delete_application(application, author=author)
        for membership in organization.memberships.all():
            delete_audited(membership, MEMBERSHIP, organization=organization.ref(), author=author)
        delete_audited(organization, ORGANIZATION, organization=organization.ref(), author=author)


def save_membership(membership: Membership, *, author: Author) -> bool:
    """Add a member or change a role; raises ValidationError, also where no active owner would be left."""
    if not membership._state.adding and (membership.role != Role.OWNER or not membership.active):
        _keep_an_owner(membership)
    return save_audited(membership, MEMBERSHIP, organization=membership.organization.ref(), author=author)


def remove_membership(membership: Membership, *, author: Author) -> None:
    """Tokens minted for this member stop working at once. Raises ValidationError for the last owner."""
    _keep_an_owner(membership)
    delete_audited(membership, MEMBERSHIP, organization=membership.organization.ref(), author=author)


def save_user(user: User, *, author: Author) -> bool:
    """Create or change a user; False when nothing differs. A password is set on the instance before."""
    return save_audited(user, USER, organization=None, author=author)


def set_password(user: User, password: str, *, author: Author) -> None:
    """Give a stored user a password; who set it and when is recorded, and nothing of what it is."""
    user.set_password(password)
    with transaction.atomic():
        user.save(update_fields=["password"])
        record_event(
            AuditAction.USER_UPDATED,
            occurred_at=author.now,
            organization=None,
            actor=author.actor,
            subject=Party(PartyType.USER, user.pk, str(user)),
            origin=author.origin,
            data={"changes": {"password": {"before": None, "after": "set"}}},
        )


def save_scope(scope: Scope, *, author: Author) -> bool:
    return save_audited(scope, SCOPE, organization=None, author=author)


def delete_scope(scope: Scope, *, author: Author) -> None:
    """Take a scope out of the catalogue; apps that have it keep it until they are next changed."""
    delete_audited(scope, SCOPE, organization=None, author=author)


def _keep_an_owner(leaving: Membership) -> None:
    owners = Membership.objects.filter(organization=leaving.organization, role=Role.OWNER, active=True)
    if owners.filter(pk=leaving.pk).exists() and not owners.exclude(pk=leaving.pk).exists():
        raise ValidationError(_("An organization keeps at least one active owner."))

"""Changing organizations, users and who belongs to what."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import AuditAction
from audit.parties import Party, PartyType
from audit.recorder import record_event
from exchange_apps.access import has_second_factor
from exchange_apps.models import Membership, Organization, Role, Scope, User
from exchange_apps.services.applications import delete_application
from exchange_apps.services.audited_changes import Author, ChangeKind, delete_audited, save_audited
from exchange_apps.services.webhooks.endpoints import delete_webhook

ORGANIZATION = ChangeKind(
    party_type=PartyType.ORGANIZATION,
    created=AuditAction.ORGANIZATION_CREATED,
    updated=AuditAction.ORGANIZATION_UPDATED,
    deleted=AuditAction.ORGANIZATION_DELETED,
    fields=(
        "slug",
        "name",
        "token_exchange_enabled",
        "require_jti",
        "exchange_rate_limit",
        "allowed_ips",
        "mfa_required",
    ),
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
    fields=("email", "name", "time_zone", "language", "email_verified", "is_active", "is_superuser"),
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
    if organization.mfa_required and author.actor.type is PartyType.USER:
        _keep_the_author_inside(organization, author)
    return save_audited(organization, ORGANIZATION, organization=organization.ref(), author=author)


def delete_organization(organization: Organization, *, author: Author) -> None:
    """Remove an organization with its members and apps, each with its own event. The log of it stays."""
    with transaction.atomic():
        for application in organization.applications.all():
            delete_application(application, author=author)
        for webhook in organization.webhooks.all():
            delete_webhook(webhook, author=author)
        for membership in organization.memberships.all():
            delete_audited(membership, MEMBERSHIP, organization=organization.ref(), author=author)
        delete_audited(organization, ORGANIZATION, organization=organization.ref(), author=author)


def save_membership(membership: Membership, *, author: Author) -> bool:
    """Add a member or change a role; raises ValidationError, also where no active owner would be left."""
    with transaction.atomic():
        if not membership._state.adding and (membership.role != Role.OWNER or not membership.active):
            _keep_an_owner(membership)
        return save_audited(membership, MEMBERSHIP, organization=membership.organization.ref(), author=author)


def remove_membership(membership: Membership, *, author: Author) -> None:
    """Tokens minted for this member stop working at once. Raises ValidationError for the last owner."""
    with transaction.atomic():
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


def is_last_owner(membership: Membership) -> bool:
    """Whether nobody but this member could act as owner: such a member stays one, active and in the organization."""
    owners = Membership.objects.filter(
        organization=membership.organization_id, role=Role.OWNER, active=True, user__is_active=True
    )
    return owners.filter(pk=membership.pk).exists() and not owners.exclude(pk=membership.pk).exists()


def _keep_the_author_inside(organization: Organization, author: Author) -> None:
    """Whoever demands a second factor of everybody has one, or would be the first to stand outside."""
    already = Organization.objects.filter(pk=organization.pk, mfa_required=True).exists()
    if not already and not has_second_factor(author.actor.uuid):
        sentence = _("Set up a second factor for yourself first: on the page “Security” of your account.")
        raise ValidationError({"mfa_required": sentence})


def _keep_an_owner(leaving: Membership) -> None:
    """Must run inside the transaction of the change: of two owners who leave at once, the second waits and is told."""
    lock_organization(leaving.organization_id)
    if is_last_owner(leaving):
        raise ValidationError(_("An organization keeps at least one active owner."))


def lock_organization(organization_id: uuid.UUID) -> None:
    """Until the transaction ends, nobody else changes who belongs to it. (SQLite has one writer anyway.)"""
    Organization.objects.select_for_update(no_key=True).get(pk=organization_id)

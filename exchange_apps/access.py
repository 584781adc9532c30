"""Which organizations a person may see, and in which role."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from allauth.mfa.models import Authenticator

from exchange_apps.models import Membership, MintedToken, Organization, Role, User

READING_ROLES = frozenset({Role.OWNER, Role.ADMIN, Role.AUDITOR})
CHANGING_ROLES = frozenset({Role.OWNER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Access:
    """`roles` maps the ids of the organizations a person is an active member of to the role there."""

    user_id: uuid.UUID | None
    sees_everything: bool
    roles: Mapping[uuid.UUID, Role]
    is_locked_out: bool = False
    """Whether a second factor is what the person lacks to see one organization or more."""

    @property
    def visible_organization_ids(self) -> frozenset[uuid.UUID]:
        return frozenset(self.roles)

    @property
    def reading_organization_ids(self) -> frozenset[uuid.UUID]:
        """Where settings and the log may be read."""
        return frozenset(key for key, role in self.roles.items() if role in READING_ROLES)

    @property
    def changing_organization_ids(self) -> frozenset[uuid.UUID]:
        """Where settings may be changed."""
        return frozenset(key for key, role in self.roles.items() if role in CHANGING_ROLES)

    @property
    def owning_organization_ids(self) -> frozenset[uuid.UUID]:
        return frozenset(key for key, role in self.roles.items() if role is Role.OWNER)

    def may_read(self, organization_id: uuid.UUID) -> bool:
        return self.sees_everything or organization_id in self.reading_organization_ids

    def may_change(self, organization_id: uuid.UUID) -> bool:
        return self.sees_everything or organization_id in self.changing_organization_ids

    def owns(self, organization_id: uuid.UUID) -> bool:
        return self.sees_everything or organization_id in self.owning_organization_ids

    def within(self, organization_id: uuid.UUID) -> Access:
        """The same person looking at one organization, and at nothing else. Operators act there as owners."""
        role = Role.OWNER if self.sees_everything else self.roles.get(organization_id)
        return Access(self.user_id, False, {} if role is None else {organization_id: role})


NO_ACCESS = Access(None, False, {})


def access_of(user: object) -> Access:
    """The access of a signed-in user; none for anybody else."""
    if not isinstance(user, User) or not user.is_active:
        return NO_ACCESS
    rows = Membership.objects.filter(user=user, active=True).values_list("organization_id", "role")
    return Access(user.id, user.is_superuser, {organization: Role(role) for organization, role in rows})


def access_of_token(token: MintedToken) -> Access:
    """The access of a token's bearer in its organization: that of the user it acts for. A workload reads what its
    scopes let it, as an auditor."""
    if token.user_id is None:
        return Access(None, False, {token.organization_id: Role.AUDITOR})
    return access_of(token.user).within(token.organization_id)


def portal_access_of(user: object) -> Access:
    """As `access_of`, for somebody at the portal: nothing of an organization that requires a second factor is there for
    whoever has none. Tokens minted for them are no matter of signing in."""
    access = access_of(user)
    if not isinstance(user, User) or not access.roles:
        return access
    locked = {found.pk for found in locked_organizations(user)}
    roles = {key: role for key, role in access.roles.items() if key not in locked}
    return Access(access.user_id, access.sees_everything, roles, is_locked_out=bool(locked))


def locked_organizations(user: User) -> list[Organization]:
    """Where the person belongs, and sees nothing before a second factor is set up."""
    requiring = Organization.objects.filter(memberships__user=user, memberships__active=True, mfa_required=True)
    found = list(requiring.order_by("name"))
    return found if found and not has_second_factor(user.pk) else []


def has_second_factor(user_id: object) -> bool:
    factors = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user_id, type__in=factors).exists())

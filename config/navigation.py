"""The sidebar: what there is to go to, for the role that looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from config.organization_prefix import reverse_outside
from exchange_apps.models import Organization

_MOST_LISTED = 200
SEARCHED_FROM = 8
"""Of so many organizations one is found by typing; fewer are seen at a glance."""


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    url: str
    icon: str
    current: bool


@dataclass(frozen=True, slots=True)
class NavGroup:
    label: str
    items: tuple[NavItem, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """One organization in the switcher."""

    name: str
    slug: str
    url: str
    current: bool


def navigation(request: Any) -> list[NavGroup]:
    """Groups that are empty for this role are left out."""
    groups = [*_organization_groups(request), *_account_groups(request), *_installation_groups(request)]
    return [group for group in groups if group.items]


def _organization_groups(request: Any) -> Iterable[NavGroup]:
    organization = request.organization
    if organization is None:
        return
    access = request.organization_access
    reads = access.may_read(organization.id)

    def items(*found: tuple[str, str, str, bool]) -> tuple[NavItem, ...]:
        return tuple(_item(request, label, reverse(name), icon) for label, name, icon, shown in found if shown)

    yield NavGroup("", items((_("Overview"), "admin:index", "home", True)))
    yield NavGroup(
        _("Integrations"),
        items(
            (_("Token Exchange Apps"), "admin:exchange_apps_exchangeapplication_changelist", "key", reads),
            (_("Identity providers"), "admin:exchange_apps_identityprovider_changelist", "badge", reads),
            (_("Dry run"), "admin:dry_run", "search", reads),
        ),
    )
    yield NavGroup(
        _("Builds"),
        items(
            (_("Pipelines"), "admin:oidc_issuer_pipeline_changelist", "tag", reads),
            (_("Clusters"), "admin:oidc_issuer_cluster_changelist", "building", reads),
            (_("Queues"), "admin:oidc_issuer_queue_changelist", "updown", reads),
            (_("Jobs"), "admin:oidc_issuer_job_changelist", "history", reads),
            (_("ID tokens"), "admin:oidc_issuer_idtokenpolicy_changelist", "stub", reads),
            (_("Federation"), "admin:federation", "lock", reads),
        ),
    )
    tokens = _("Minted tokens") if reads else _("My tokens")
    yield NavGroup(
        _("Audit"),
        items(
            (_("Audit log"), "admin:audit_auditevent_changelist", "log", reads),
            (tokens, "admin:exchange_apps_mintedtoken_changelist", "stub", True),
            (_("Webhooks"), "admin:exchange_apps_webhookendpoint_changelist", "send", reads),
        ),
    )
    yield NavGroup(_("People"), items((_("Members"), "admin:exchange_apps_membership_changelist", "people", reads)))
    yield NavGroup(
        _("Organization"),
        items((_("Organization settings"), "admin:exchange_apps_organization_changelist", "gear", reads)),
    )


def _account_groups(request: Any) -> Iterable[NavGroup]:
    """On the pages of the account; from elsewhere the user menu leads there."""
    security, sessions = reverse_outside("mfa_index"), reverse_outside("usersessions_list")
    if not request.path.startswith(security):
        return
    at_sessions = request.path.startswith(sessions)
    pages = (
        NavItem(_("Your profile"), reverse_outside("admin:profile"), "person", False),
        NavItem(_("Security"), security, "lock", not at_sessions),
        NavItem(_("Sessions"), sessions, "screen", at_sessions),
    )
    yield NavGroup(_("Your account"), pages)


def _installation_groups(request: Any) -> Iterable[NavGroup]:
    if not request.whole_access.sees_everything:
        return
    pages = (
        (_("Organizations"), "admin:exchange_apps_organization_changelist", "building"),
        (_("Users"), "admin:exchange_apps_user_changelist", "person"),
        (_("Scopes"), "admin:exchange_apps_scope_changelist", "tag"),
        (_("Signing keys"), "admin:oidc_issuer_signingkey_changelist", "lock"),
        (_("Whole audit log"), "admin:audit_auditevent_changelist", "log"),
    )
    yield NavGroup(
        _("Installation"), tuple(_item(request, label, reverse_outside(name), icon) for label, name, icon in pages)
    )


def _item(request: Any, label: str, url: str, icon: str) -> NavItem:
    inside = request.path.startswith(url) if url != reverse("admin:index") else request.path == url
    return NavItem(label, url, icon, inside)


def destinations(request: Any) -> list[Destination]:
    """The organizations a person may go to; the first ones of very many."""
    current, portal = request.organization, reverse_outside("admin:index")
    return [
        Destination(found.name, found.slug, f"{portal}o/{found.slug}/", found == current)
        for found in Organization.objects.visible_to(request.whole_access).order_by("name")[:_MOST_LISTED]
    ]

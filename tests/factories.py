"""The cast: Acme with Olga (owner), Alice (admin), Bob (member), Carol (auditor); Globex with Mallory, who must see
nothing of Acme."""

from __future__ import annotations

from typing import Any

from exchange_apps.models import ExchangeApplication, Membership, Organization, Role, User
from tests.keys import jwks


def make_user(email: str, **fields: Any) -> User:
    return User.objects.create_user(email, fields.pop("password", None), **({"email_verified": True} | fields))


def make_organization(slug: str = "acme", **fields: Any) -> Organization:
    return Organization.objects.create(slug=slug, **({"name": f"{slug.title()} Inc"} | fields))


def make_member(organization: Organization, email: str, role: Role = Role.MEMBER, **fields: Any) -> User:
    """A user who is an active member. `fields` are the user's."""
    user = make_user(email, **fields)
    Membership.objects.create(organization=organization, user=user, role=role)
    return user


def make_application(organization: Organization, name: str = "deploy-bot", **fields: Any) -> ExchangeApplication:
    """An app whose key is `deploy-1` (see `tests.keys`)."""
    good = {
        "jwks": jwks("deploy-1"),
        "grantable_scopes": ["read_builds", "read_pipelines", "write_builds"],
        "default_scopes": ["read_builds"],
    }
    application = ExchangeApplication(organization=organization, name=name, **(good | fields))
    application.full_clean()
    application.save()
    application.refresh_from_db()
    return application

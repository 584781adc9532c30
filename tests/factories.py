"""The cast: Acme with Olga (owner), Alice (admin), Bob (member), Carol (auditor); Globex with Mallory, who must see
nothing of Acme."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from audit.identifiers import uuid7
from exchange_apps.models import (
    ExchangeApplication,
    IdentityProvider,
    Membership,
    Organization,
    Role,
    User,
    WebhookDeadLetter,
    WebhookEndpoint,
    WebhookProgress,
)
from exchange_apps.services.encryption import encrypt
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


def make_provider(organization: Organization, name: str = "github-ci", **fields: Any) -> IdentityProvider:
    """GitHub's issuer, trusted for one repository, with the pasted key `issuer-1`."""
    good = {
        "preset": "github_actions",
        "issuer": "https://token.actions.githubusercontent.com",
        "jwks": jwks("issuer-1"),
        "audiences": ["counterfoil"],
        "policy": [{"scopes": ["read_builds"], "claims": {"repository_id": "1001", "repository_owner_id": "77"}}],
    }
    provider = IdentityProvider(organization=organization, name=name, **(good | fields))
    provider.full_clean()
    provider.save()
    provider.refresh_from_db()
    return provider


def make_webhook(organization: Organization, name: str = "siem", **fields: Any) -> WebhookEndpoint:
    """A paused webhook with a try in vain and an event set aside."""
    good = {"url": "https://siem.example/in?key=s3cret", "secret": encrypt("whsec_c2VjcmV0"), "types": ["TOKEN_*"]}
    endpoint = WebhookEndpoint.objects.create(organization=organization, name=name, **(good | fields))
    now, event = timezone.now(), {"event_id": uuid7(), "event_type": "TOKEN_EXCHANGE_DENIED", "sequence": 7}
    WebhookProgress.objects.create(endpoint=endpoint, paused_at=now, paused_because="failures", failing_since=now)
    said = {"sentence": "The host answered HTTP 500 instead of 2xx."}
    endpoint.deliveries.create(tried_at=now, result="unexpected_status", status=500, number=9, **event, **said)
    endpoint.deliveries.create(tried_at=now, kind="test", result="delivered", status=204, **event)
    WebhookDeadLetter.objects.create(endpoint=endpoint, tries=9, parked_at=now, **event, **said)
    return endpoint

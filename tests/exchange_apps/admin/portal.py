"""How the tests use the portal: signed in as one of the cast, at the addresses that a browser would open."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db import models
from django.test import Client

from audit.models import AuditEvent
from exchange_apps.models import (
    ExchangeApplication,
    IdentityProvider,
    Membership,
    MintedToken,
    Organization,
    User,
    WebhookEndpoint,
)
from oidc_issuer.federation import TARGETS
from oidc_issuer.models import Cluster, Job, Pipeline, Queue
from tests.keys import jwks

APPS = "/o/acme/exchange_apps/exchangeapplication/"
PROVIDERS = "/o/acme/exchange_apps/identityprovider/"
MEMBERS = "/o/acme/exchange_apps/membership/"
TOKENS = "/o/acme/exchange_apps/mintedtoken/"
WEBHOOKS = "/o/acme/exchange_apps/webhookendpoint/"
LOG = "/o/acme/audit/auditevent/"


def browser(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


def app_form(**changes: Any) -> dict[str, Any]:
    """What the form of an app sends, all good."""
    good = {
        "name": "reporter",
        "description": "Makes the nightly report",
        "enabled": "on",
        "key_source": "keys",
        "jwks": json.dumps(jwks("reporter-1")),
        "grantable_scopes": ["read_builds", "read_pipelines"],
        "default_scopes": ["read_builds"],
        "exchange_allowed_ips": "10.0.0.0/8\n192.0.2.1",
        "token_allowed_ips": "",
        "max_token_ttl": "3600",
        "max_assertion_lifetime": "300",
    }
    return good | changes


def provider_form(**changes: Any) -> dict[str, Any]:
    """What the form of an identity provider sends without a script, all good."""
    good = {
        "name": "deploys",
        "preset": "github_actions",
        "issuer": "",
        "audiences": "counterfoil\n",
        "key_source": "keys",
        "jwks": json.dumps(jwks("issuer-1")),
        "policy": '# why\r\n- scopes: [read_builds]\r\n  claims:\r\n    repository_id: "1001"\r\n',
        "token_ttl": "600",
        "mode": "enforce",
        "enabled": "on",
    }
    return good | changes


def page_of(obj: models.Model, page: str = "change", slug: str = "acme") -> str:
    return f"/o/{slug}/{obj._meta.app_label}/{obj._meta.model_name}/{obj.pk}/{page}/"


def every_list() -> list[str]:
    return [f"{model._meta.app_label}/{model._meta.model_name}/" for model in admin.site._registry]


def every_address_of(*objects: models.Model) -> list[str]:
    """Every page below an organization: site pages, lists, add pages, and each page of these objects."""
    addresses = ["", "profile/", "exchange_apps/membership/leave/", "password_change/", "audit/", "exchange_apps/"]
    addresses += ["dry-run/", *(f"federation/?target={key}" for key in TARGETS)]
    for path in every_list():
        addresses += [path, f"{path}add/"]
    for found in objects:
        base = f"{found._meta.app_label}/{found._meta.model_name}/{found.pk}/"
        addresses += [base, f"{base}change/", f"{base}delete/", f"{base}history/", f"{base}revoke/"]
        if isinstance(found, WebhookEndpoint):
            addresses += [f"{base}{action}/" for action in ("test", "pause", "resume", "rotate", "replay")]
            addresses += [f"{base}events/{letter.event_id}/again/" for letter in found.dead_letters.all()]
        if isinstance(found, ExchangeApplication):
            keys = found.key_history.values_list("pk", flat=True)
            addresses += [f"{base}{action}/" for action in ("on", "off", "revoke-tokens", "restore")]
            addresses += [f"{base}preview-keys/", f"{base}preview-uri/", f"{base.replace(str(found.pk), 'deleted')}"]
            addresses += [
                f"{base}activity/",
                f"{base}fetch/",
                *(f"{base}keys/{key}/{turn}/" for key in keys for turn in ("off", "on")),
            ]
        if isinstance(found, IdentityProvider):
            addresses += [
                f"{base}{action}/" for action in ("on", "off", "enforce", "fetch", "editor", "ask", "dry-run")
            ]
    return addresses


def everything_of(organization: Organization) -> list[models.Model]:
    return [
        organization,
        *ExchangeApplication.objects.filter(organization=organization),
        *IdentityProvider.objects.filter(organization=organization),
        *Membership.objects.filter(organization=organization),
        *MintedToken.objects.filter(organization=organization)[:1],
        *WebhookEndpoint.objects.filter(organization=organization),
        *AuditEvent.objects.filter(organization_id=organization.pk)[:3],
        *Pipeline.objects.filter(organization=organization),
        *Cluster.objects.filter(organization=organization),
        *Queue.objects.filter(cluster__organization=organization),
        *Job.objects.filter(organization=organization)[:1],
    ]

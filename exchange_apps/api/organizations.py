"""`/v2/organizations`: the token's own organization, and its settings."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.bodies import Body, Flag, Text, Texts, Whole, fields_of
from exchange_apps.api.conditional import described
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, changing, get_row
from exchange_apps.api.views import OrganizationView
from exchange_apps.models import Organization
from exchange_apps.services.organizations import save_organization


class OrganizationBody(Body):
    """The slug is not among them: it stands in every client's audience, and operators change it."""

    name = Text(max_length=200)
    token_exchange_enabled = Flag()
    require_jti = Flag()
    exchange_rate_limit = Whole(min_value=0, max_value=1_000_000)
    allowed_ips = Texts()
    mfa_required = Flag()


class OrganizationDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    slug = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()


class OrganizationSettingsDocument(OrganizationDocument):
    token_exchange_enabled = serializers.BooleanField()
    require_jti = serializers.BooleanField()
    exchange_rate_limit = serializers.IntegerField(help_text="Exchanges per minute; 0: no limit.")
    allowed_ips = serializers.ListField(child=serializers.CharField())
    mfa_required = serializers.BooleanField()


class OrganizationsView(OrganizationView):
    """The organization the token is of; a token never sees another one."""

    scopes = {"GET": "read_organizations"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="list_organizations",
        parameters=schema.PAGE_PARAMETERS,
        responses={200: schema.page_of(OrganizationDocument), **schema.ERRORS},
    )
    def get(self, request: Request) -> Response:
        return answer_page(request, Organization.objects.filter(pk=self.organization.pk), shown_briefly)


class OrganizationSettingsView(SettingsView):
    """The settings of the organization."""

    scopes = {"GET": "read_organization_settings", "PATCH": "write_organization_settings"}  # noqa: RUF012

    @extend_schema(operation_id="get_organization", responses={200: OrganizationSettingsDocument, **schema.ERRORS})
    def get(self, request: Request, org: str) -> Response:
        return described(request, shown(self.organization))

    @extend_schema(
        operation_id="update_organization",
        parameters=[schema.IF_MATCH],
        request=OrganizationBody,
        responses={200: OrganizationSettingsDocument, **schema.WRITE_ERRORS},
    )
    def patch(self, request: Request, org: str) -> Response:
        fields = fields_of(request, OrganizationBody, partial=True)
        own = Organization.objects.filter(pk=self.organization.pk)
        with changing(request, own, shown) as organization:
            for name, value in fields.items():
                setattr(organization, name, value)
            save_organization(organization, author=self.author())
        return described(request, shown(get_row(own)))


def shown_briefly(organization: Organization) -> dict[str, Any]:
    return {
        "uuid": str(organization.pk),
        "slug": organization.slug,
        "name": organization.name,
        "created_at": time_text(organization.created_at),
    }


def shown(organization: Organization) -> dict[str, Any]:
    return shown_briefly(organization) | {
        "token_exchange_enabled": organization.token_exchange_enabled,
        "require_jti": organization.require_jti,
        "exchange_rate_limit": organization.exchange_rate_limit,
        "allowed_ips": organization.allowed_ips,
        "mfa_required": organization.mfa_required,
    }

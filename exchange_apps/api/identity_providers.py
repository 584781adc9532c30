"""`/v2/organizations/{org}/identity-providers`: whom the organization trusts, by the services that the portal has."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api.conditional import check_match, described, etag_of
from exchange_apps.api.errors import Forbidden, NotFound
from exchange_apps.api.paging import answer_page
from exchange_apps.api.provider_document import document_of, refusal, take_in
from exchange_apps.api.schema import (
    ERRORS,
    IDENTITY_PROVIDER,
    IDENTITY_PROVIDER_PAGE,
    IDENTITY_PROVIDER_WRITE,
    PAGE_PARAMETERS,
    Problem,
)
from exchange_apps.api.views import OrganizationView
from exchange_apps.domain.identity_presets import Preset
from exchange_apps.models import IdentityProvider
from exchange_apps.services.identity_providers import (
    delete_identity_provider,
    findings_for,
    save_identity_provider,
)

_READ, _WRITE = "read_organization_settings", "write_organization_settings"
_REFUSED: dict[Any, Any] = {**ERRORS, 412: Problem, 422: Problem}


class ProvidersView(OrganizationView):
    parser_classes = (JSONParser,)
    changes_trust = True

    def check_may_read(self) -> None:
        if not self.access.may_read(self.organization.pk):
            raise Forbidden("Owners, admins and auditors see identity providers")

    def check_may_change(self) -> None:
        if not self.access.may_change(self.organization.pk):
            raise Forbidden("Owners and admins change identity providers")

    def save(self, provider: IdentityProvider, request: Request) -> None:
        acknowledged = take_in(provider, request.data)
        try:
            save_identity_provider(provider, author=self.author(), acknowledged=acknowledged)
        except ValidationError as error:
            raise refusal(error, findings_for(provider)) from None


class IdentityProvidersView(ProvidersView):
    scopes = {"GET": _READ, "POST": _WRITE}  # noqa: RUF012

    @extend_schema(
        operation_id="list_identity_providers",
        parameters=PAGE_PARAMETERS,
        responses={200: IDENTITY_PROVIDER_PAGE, **ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        """Newest first."""
        self.check_may_read()
        rows = IdentityProvider.objects.filter(organization=self.organization).select_related("organization")
        return answer_page(request, rows, document_of)

    @extend_schema(
        operation_id="create_identity_provider",
        request=IDENTITY_PROVIDER_WRITE,
        responses={201: IDENTITY_PROVIDER, **_REFUSED},
    )
    def post(self, request: Request, org: str) -> Response:
        """The linter's errors refuse with 422; so do its warnings, until `acknowledge` names them."""
        self.check_may_change()
        provider = IdentityProvider(organization=self.organization, preset=Preset.GENERIC.value)
        with transaction.atomic():
            self.check_name(request)
            self.save(provider, request)
        document = document_of(provider)
        return Response(document, 201, headers={"Location": document["url"], "ETag": etag_of(document)})

    def check_name(self, request: Request) -> None:
        """The database's own word about a name that is taken is no sentence for people."""
        name = request.data.get("name") if isinstance(request.data, dict) else None
        if IdentityProvider.objects.filter(organization=self.organization, name=str(name)).exists():
            raise refusal(ValidationError({"name": "Another identity provider has this name."}), [])


class IdentityProviderView(ProvidersView):
    scopes = {"GET": _READ, "PATCH": _WRITE, "DELETE": _WRITE}  # noqa: RUF012

    def find(self, provider_id: UUID, *, to_change: bool = False) -> IdentityProvider:
        rows = IdentityProvider.objects.select_related("organization")
        if to_change:
            rows = rows.select_for_update(of=("self",))
        found = rows.filter(organization=self.organization, pk=provider_id).first()
        if found is None:
            raise NotFound
        return found

    @extend_schema(operation_id="get_identity_provider", responses={200: IDENTITY_PROVIDER, **ERRORS})
    def get(self, request: Request, org: str, provider_id: UUID) -> Response:
        self.check_may_read()
        return described(request, document_of(self.find(provider_id)))

    @extend_schema(
        operation_id="update_identity_provider",
        request=IDENTITY_PROVIDER_WRITE,
        responses={200: IDENTITY_PROVIDER, **_REFUSED},
    )
    def patch(self, request: Request, org: str, provider_id: UUID) -> Response:
        """Only what is sent changes; a policy is replaced as a whole. Send `If-Match` to change what you have read."""
        self.check_may_change()
        with transaction.atomic():
            provider = self.find(provider_id, to_change=True)
            check_match(request, document_of(provider))
            self.save(provider, request)
        document = document_of(self.find(provider_id))
        return Response(document, headers={"ETag": etag_of(document)})

    @extend_schema(operation_id="delete_identity_provider", responses={204: None, **ERRORS, 412: Problem})
    def delete(self, request: Request, org: str, provider_id: UUID) -> Response:
        """For owners. Its tokens stop working at once."""
        if not self.access.owns(self.organization.pk):
            raise Forbidden("Owners delete identity providers")
        with transaction.atomic():
            provider = self.find(provider_id, to_change=True)
            check_match(request, document_of(provider))
            delete_identity_provider(provider, author=self.author())
        return Response(status=204)

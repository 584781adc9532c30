"""`…/token-exchange-apps`: apps as they are configured."""

from __future__ import annotations

import uuid

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.application_documents import ApplicationBody, ApplicationDocument, fill, shown
from exchange_apps.api.bodies import fields_of
from exchange_apps.api.conditional import described
from exchange_apps.api.errors import InvalidParameter
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, changing, get_row
from exchange_apps.models import ExchangeApplication
from exchange_apps.models.application import ExchangeApplicationQuerySet
from exchange_apps.services.application_states import restorable_applications
from exchange_apps.services.applications import delete_application, save_application

_DELETED = OpenApiParameter("deleted", bool, description="true: the deleted apps that can still be restored.")


class ApplicationsView(SettingsView):
    """Token exchange apps, the newest first."""

    scopes = {"GET": "read_organization_settings", "POST": "write_organization_settings"}  # noqa: RUF012

    @extend_schema(
        operation_id="list_token_exchange_apps",
        parameters=[_DELETED, *schema.PAGE_PARAMETERS],
        responses={200: schema.page_of(ApplicationDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        deleted = request.query_params.get("deleted", "false")
        if deleted not in ("true", "false"):
            raise InvalidParameter("deleted", "deleted is true or false")
        gone = restorable_applications(self.organization, now=timezone.now())
        return answer_page(request, gone if deleted == "true" else applications_of(self), shown)

    @extend_schema(
        operation_id="create_token_exchange_app",
        request=ApplicationBody,
        responses={201: ApplicationDocument, **schema.WRITE_ERRORS},
    )
    def post(self, request: Request, org: str) -> Response:
        app = ExchangeApplication(organization=self.organization)
        fill(app, fields_of(request, ApplicationBody))
        save_application(app, author=self.author())
        return described(request, shown(app), status=201)


class ApplicationView(SettingsView):
    """One app. A change holds for the very next exchange; deleting is the owners' affair, and can be undone."""

    scopes = {  # noqa: RUF012 - as declared by the base
        "GET": "read_organization_settings",
        "PATCH": "write_organization_settings",
        "DELETE": "write_organization_settings",
    }

    @extend_schema(operation_id="get_token_exchange_app", responses={200: ApplicationDocument, **schema.ERRORS})
    def get(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        return described(request, shown(get_row(applications_of(self), pk=app_id)))

    @extend_schema(
        operation_id="update_token_exchange_app",
        parameters=[schema.IF_MATCH],
        request=ApplicationBody,
        responses={200: ApplicationDocument, **schema.WRITE_ERRORS},
    )
    def patch(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        fields = fields_of(request, ApplicationBody, partial=True)
        with changing(request, applications_of(self), shown, pk=app_id) as app:
            fill(app, fields)
            save_application(app, author=self.author())
        return described(request, shown(get_row(applications_of(self), pk=app_id)))

    @extend_schema(
        operation_id="delete_token_exchange_app",
        parameters=[schema.IF_MATCH],
        responses={204: None, **schema.WRITE_ERRORS},
    )
    def delete(self, request: Request, org: str, app_id: uuid.UUID) -> Response:
        with changing(request, applications_of(self), shown, pk=app_id) as app:
            self.check_owns("delete an app")
            delete_application(app, author=self.author())
        return Response(status=204)


def applications_of(view: SettingsView) -> ExchangeApplicationQuerySet:
    rows = ExchangeApplication.objects.filter(organization=view.organization)
    return rows.select_related("organization", "key_set")

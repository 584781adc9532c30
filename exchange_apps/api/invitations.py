"""`…/invitations`: those that wait for an answer. The link goes by e-mail to whom it is for, and nowhere else."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.bodies import Body, Text, fields_of
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, get_row
from exchange_apps.models import Invitation, Role
from exchange_apps.services.invitations import invite, resend, withdraw


class InvitationBody(Body):
    email = Text(max_length=320)
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)


class InvitationDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    email = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)
    state = serializers.ChoiceField(["pending", "expired"])
    invited_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True, help_text="null: the mail server did not take the letter.")
    expires_at = serializers.DateTimeField()


class PendingView(SettingsView):
    """What all three addresses share."""

    def invitations(self) -> QuerySet[Invitation]:
        rows = Invitation.objects.filter(organization=self.organization)
        return rows.select_related("organization", "invited_by")

    def own_affair(self, invitation_id: uuid.UUID) -> Invitation:
        """Raises NotFound, and Forbidden where it would make an owner and the caller is none."""
        invitation = get_row(self.invitations(), pk=invitation_id)
        if invitation.role == Role.OWNER:
            self.check_owns("deal with the invitation of an owner")
        return invitation


class InvitationsView(PendingView):
    """The invitations nobody has answered yet."""

    scopes = {"GET": "read_organization_invitations", "POST": "write_organization_invitations"}  # noqa: RUF012

    @extend_schema(
        operation_id="list_invitations",
        parameters=schema.PAGE_PARAMETERS,
        responses={200: schema.page_of(InvitationDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        return answer_page(request, self.invitations(), shown)

    @extend_schema(
        operation_id="create_invitation",
        request=InvitationBody,
        responses={201: InvitationDocument, **schema.WRITE_ERRORS},
    )
    def post(self, request: Request, org: str) -> Response:
        fields = fields_of(request, InvitationBody)
        if fields["role"] == Role.OWNER:
            self.check_owns("invite an owner")
        invitation = invite(self.organization, fields["email"], Role(fields["role"]), author=self.author())
        return Response(shown(invitation), 201)


class InvitationView(PendingView):
    """One invitation; withdrawn, its link no longer works."""

    scopes = {"GET": "read_organization_invitations", "DELETE": "write_organization_invitations"}  # noqa: RUF012

    @extend_schema(operation_id="get_invitation", responses={200: InvitationDocument, **schema.ERRORS})
    def get(self, request: Request, org: str, invitation_id: uuid.UUID) -> Response:
        return Response(shown(get_row(self.invitations(), pk=invitation_id)))

    @extend_schema(operation_id="withdraw_invitation", responses={204: None, **schema.ERRORS})
    def delete(self, request: Request, org: str, invitation_id: uuid.UUID) -> Response:
        withdraw(self.own_affair(invitation_id), author=self.author())
        return Response(status=204)


class ResendView(PendingView):
    """Send a new link, good for another week; the one before stops working."""

    scopes = {"POST": "write_organization_invitations"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="resend_invitation",
        request=None,
        responses={200: InvitationDocument, 422: schema.Problem, **schema.ERRORS},
    )
    def post(self, request: Request, org: str, invitation_id: uuid.UUID) -> Response:
        return Response(shown(resend(self.own_affair(invitation_id), author=self.author())))


def shown(invitation: Invitation) -> dict[str, Any]:
    return {
        "uuid": str(invitation.pk),
        "email": invitation.email,
        "role": str(invitation.role),
        "state": "expired" if invitation.is_expired(timezone.now()) else "pending",
        "invited_by": invitation.invited_by.email if invitation.invited_by else None,
        "created_at": time_text(invitation.created_at),
        "sent_at": time_text(invitation.sent_at),
        "expires_at": time_text(invitation.expires_at),
    }

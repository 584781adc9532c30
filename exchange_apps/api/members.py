"""`…/members`: who belongs to the organization, each under the UUID of the user."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.bodies import Body, Flag, fields_of
from exchange_apps.api.conditional import described
from exchange_apps.api.moments import time_text
from exchange_apps.api.paging import answer_page
from exchange_apps.api.settings_view import SettingsView, changing, get_row
from exchange_apps.models import Membership, Role
from exchange_apps.services.organizations import lock_organization, remove_membership, save_membership


class MemberBody(Body):
    role = serializers.ChoiceField(Role.choices)
    active = Flag()


class MemberDocument(serializers.Serializer[Any]):
    user = schema.UserRef()
    role = serializers.ChoiceField(Role.choices)
    active = serializers.BooleanField()
    joined_at = serializers.DateTimeField()
    last_sign_in_at = serializers.DateTimeField(allow_null=True)


class MembershipsView(SettingsView):
    """What both addresses share."""

    def members(self) -> QuerySet[Membership]:
        return Membership.objects.filter(organization=self.organization).select_related("user", "organization")


class MembersView(MembershipsView):
    """The members, who joined last first. New ones are invited."""

    scopes = {"GET": "read_organizations"}  # noqa: RUF012 - as declared by the base

    @extend_schema(
        operation_id="list_members",
        parameters=schema.PAGE_PARAMETERS,
        responses={200: schema.page_of(MemberDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        return answer_page(request, self.members(), shown)


class MemberView(MembershipsView):
    """One member. What makes or unmakes an owner is the owners' affair, and one active owner always stays."""

    scopes = {  # noqa: RUF012 - as declared by the base
        "GET": "read_organizations",
        "PATCH": "write_organizations",
        "DELETE": "write_organizations",
    }

    @extend_schema(operation_id="get_member", responses={200: MemberDocument, **schema.ERRORS})
    def get(self, request: Request, org: str, user_id: uuid.UUID) -> Response:
        return described(request, shown(get_row(self.members(), user=user_id)))

    @extend_schema(
        operation_id="update_member",
        parameters=[schema.IF_MATCH],
        request=MemberBody,
        responses={200: MemberDocument, **schema.WRITE_ERRORS},
    )
    def patch(self, request: Request, org: str, user_id: uuid.UUID) -> Response:
        fields = fields_of(request, MemberBody, partial=True)
        with self.changing_member(request, user_id) as member:
            if fields.get("role", member.role) == Role.OWNER != member.role:
                self.check_owns("make somebody an owner")
            for name, value in fields.items():
                setattr(member, name, value)
            save_membership(member, author=self.author())
        return described(request, shown(get_row(self.members(), user=user_id)))

    @extend_schema(
        operation_id="remove_member",
        parameters=[schema.IF_MATCH],
        responses={204: None, **schema.WRITE_ERRORS},
    )
    def delete(self, request: Request, org: str, user_id: uuid.UUID) -> Response:
        with self.changing_member(request, user_id) as member:
            remove_membership(member, author=self.author())
        return Response(status=204)

    @contextmanager
    def changing_member(self, request: Request, user_id: uuid.UUID) -> Iterator[Membership]:
        with transaction.atomic():
            lock_organization(self.organization.pk)  # before the row, as the services do: no two wait for each other
            with changing(request, self.members(), shown, user=user_id) as member:
                if member.role == Role.OWNER:
                    self.check_owns("change an owner's membership")
                yield member


def shown(member: Membership) -> dict[str, Any]:
    return {
        "user": schema.user_ref(member.user),
        "role": str(member.role),
        "active": member.active,
        "joined_at": time_text(member.created_at),
        "last_sign_in_at": time_text(member.user.last_login),
    }

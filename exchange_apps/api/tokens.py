"""`…/tokens`: minted tokens, to be looked at and ended. Members see their own, and end their own."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exchange_apps.api import schema
from exchange_apps.api.conditional import described
from exchange_apps.api.errors import Forbidden, InvalidParameter
from exchange_apps.api.paging import CURSORS, answer_page
from exchange_apps.api.settings_view import get_row
from exchange_apps.api.token_documents import STATES, TokenDocument, shown, with_related
from exchange_apps.api.views import OrganizationView
from exchange_apps.models import MintedToken, Role
from exchange_apps.services.minted_tokens import revoke, revoke_live
from exchange_apps.services.token_choice import CHOSEN_BY, chosen_tokens

_CHOICES = [
    OpenApiParameter("user", str, description="E-mail of the user they act for."),
    OpenApiParameter("app", uuid.UUID, description="UUID of the app they were minted by."),
    OpenApiParameter("key_id", str, description="Key id of the assertion that bought them."),
]
_STATE = OpenApiParameter("state", str, enum=STATES)


class RevokedDocument(serializers.Serializer[Any]):
    revoked = serializers.IntegerField(help_text="How many live tokens were ended.")


class OwnTokensView(OrganizationView):
    """What both addresses share. Ending a token takes trust away; it gives none."""

    changes_trust = False

    def tokens(self) -> Any:
        """Those the bearer may see."""
        return MintedToken.objects.filter(organization=self.organization).visible_to(self.access)

    def may_change(self) -> bool:
        return self.access.may_change(self.organization.pk)

    def parameters(self, request: Request, allowed: tuple[str, ...]) -> Mapping[str, str]:
        """Raises InvalidParameter for others: a misspelt one would choose more than was meant."""
        for name, value in request.query_params.items():
            if name not in allowed:
                raise InvalidParameter(name, f"There is no such parameter: {name}. Known are {', '.join(allowed)}")
            if "\0" in value:
                raise InvalidParameter(name, f"{name} holds a character that no text has")
        return request.query_params.dict()


class TokensView(OwnTokensView):
    """Minted tokens, the newest first; expired ones for a month."""

    scopes = {"GET": "read_organization_settings", "DELETE": "write_organization_settings"}  # noqa: RUF012

    @extend_schema(
        operation_id="list_tokens",
        parameters=[_STATE, *_CHOICES, *schema.PAGE_PARAMETERS],
        responses={200: schema.page_of(TokenDocument), **schema.ERRORS},
    )
    def get(self, request: Request, org: str) -> Response:
        asked = self.parameters(request, ("state", *CHOSEN_BY, *CURSORS))
        tokens = self.tokens()
        if any(asked.get(name) for name in CHOSEN_BY):
            chosen = chosen_tokens(self.organization, asked)
            tokens = chosen.tokens.visible_to(self.access) if chosen else tokens.none()
        if state := asked.get("state"):
            if state not in STATES:
                raise InvalidParameter("state", f"state is one of {', '.join(STATES)}")
            tokens = tokens.in_state(state, timezone.now())
        return answer_page(request, tokens, shown, with_related)

    @extend_schema(operation_id="revoke_tokens", parameters=_CHOICES, responses={200: RevokedDocument, **schema.ERRORS})
    def delete(self, request: Request, org: str) -> Response:
        """End every live token of a user, an app or a key; of several of these, those that fit all."""
        if not self.may_change():
            raise Forbidden("The token's user may not do this: that needs the role owner or admin")
        asked = self.parameters(request, CHOSEN_BY)
        if not any(value.strip() for value in asked.values()):
            raise InvalidParameter("user", f"Say whose tokens: one or more of {', '.join(CHOSEN_BY)}")
        chosen = chosen_tokens(self.organization, asked)
        revoked = revoke_live(chosen.tokens, author=self.author()) if chosen else 0
        return Response({"revoked": revoked})


class TokenView(OwnTokensView):
    """One token; what it is made of was never kept."""

    scopes = {"GET": "read_organization_settings", "DELETE": "write_organization_settings"}  # noqa: RUF012

    @extend_schema(operation_id="get_token", responses={200: TokenDocument, **schema.ERRORS})
    def get(self, request: Request, org: str, token_id: uuid.UUID) -> Response:
        token = get_row(self.tokens(), pk=token_id)
        with_related([token])
        return described(request, shown(token))

    @extend_schema(operation_id="revoke_token", responses={204: None, **schema.ERRORS})
    def delete(self, request: Request, org: str, token_id: uuid.UUID) -> Response:
        """End it now. One that is over stays as it is."""
        token = get_row(self.tokens(), pk=token_id)
        is_own = self.access.roles.get(self.organization.pk) is Role.MEMBER and token.user_id == self.access.user_id
        if not (self.may_change() or is_own):
            raise Forbidden("The token's user may not do this: that needs the role owner or admin")
        author = self.author()
        revoke(token, actor=author.actor, origin=author.origin, now=author.now)
        return Response(status=204)

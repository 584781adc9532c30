"""The OpenAPI schema at `/api/schema`: the parts that all resources share, and the forms of what they answer."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from exchange_apps.domain.identity_presets import Preset
from exchange_apps.models import ProviderMode, User

PAGE_PARAMETERS = [
    OpenApiParameter("per_page", int, description="1 to 100, default 30"),
    OpenApiParameter("after", str, description="Cursor: the page behind it. Not together with before."),
    OpenApiParameter("before", str, description="Cursor: the page ahead of it."),
]


class FieldProblem(serializers.Serializer[Any]):
    field = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    message = serializers.CharField()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]
    request_id = serializers.UUIDField()


ERRORS: dict[Any, Any] = dict.fromkeys((400, 401, 403, 404, 429), Problem)
WRITE_ERRORS: dict[Any, Any] = dict.fromkeys((412, 413, 415, 422), Problem) | ERRORS
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, description="The ETag of what was read: 412 where it has changed since."
)


class AuditParty(serializers.Serializer[Any]):
    type = serializers.CharField()
    uuid = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class AuditContext(serializers.Serializer[Any]):
    type = serializers.CharField()
    request_id = serializers.CharField()
    request_ip = serializers.IPAddressField(allow_null=True)
    request_user_agent = serializers.CharField()


class AuditOrganization(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    slug = serializers.CharField()


class AuditEventDocument(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    schema_version = serializers.IntegerField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(["success", "denied", "failed"])
    reason = serializers.CharField()
    organization = AuditOrganization(allow_null=True)
    actor = AuditParty(allow_null=True)
    on_behalf_of = AuditParty(allow_null=True)
    subject = AuditParty(allow_null=True)
    key_id = serializers.CharField()
    context = AuditContext()  # type: ignore[assignment]
    data = serializers.DictField()  # type: ignore[assignment]
    url = serializers.URLField()


class Inclusion(serializers.Serializer[Any]):
    leaf_index = serializers.IntegerField()
    tree_size = serializers.IntegerField()
    path = serializers.ListField(child=serializers.CharField())


class AuditProof(serializers.Serializer[Any]):
    event = serializers.DictField(help_text="As exported, with its seal.")
    inclusion = Inclusion()
    checkpoint = serializers.CharField(help_text="A signed JWS.")


AUDIT_PROOF = AuditProof


class UserRef(serializers.Serializer[Any]):
    uuid = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()


def user_ref(user: User) -> dict[str, str]:
    return {"uuid": str(user.pk), "email": user.email, "name": user.name}


class PageLinks(serializers.Serializer[Any]):
    self = serializers.URLField()
    first = serializers.URLField(required=False)
    prev = serializers.URLField(required=False)
    next = serializers.URLField(required=False)


class IdentityProviderWrite(serializers.Serializer[Any]):
    """All of it on creation; any of it on a change."""

    name = serializers.CharField(max_length=100)
    preset = serializers.ChoiceField([preset.value for preset in Preset], required=False)
    issuer = serializers.CharField(required=False, help_text="The preset's when absent.")
    jwks = serializers.DictField(required=False, allow_null=True)
    jwks_uri = serializers.URLField(required=False, allow_null=True)
    audiences = serializers.ListField(child=serializers.CharField())
    token_ttl = serializers.IntegerField(required=False, min_value=30, max_value=86_400)
    mode = serializers.ChoiceField(ProviderMode.values, required=False)
    enabled = serializers.BooleanField(required=False)
    exchange_allowed_ips = serializers.ListField(child=serializers.CharField(), required=False)
    token_allowed_ips = serializers.ListField(child=serializers.CharField(), required=False)
    policy = serializers.ListField(child=serializers.DictField(), help_text="Statements, in order.")
    acknowledge = serializers.ListField(
        child=serializers.CharField(), required=False, help_text="Names of the linter's warnings you have considered."
    )


class IdentityProviderDocument(IdentityProviderWrite):
    uuid = serializers.UUIDField()
    acknowledge = None  # type: ignore[assignment]
    acknowledged = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    updated_at = serializers.DateTimeField()
    url = serializers.URLField()


@cache
def page_of(document: type[serializers.Serializer[Any]]) -> Any:
    """The form of a page of a list."""
    name = document.__name__.removesuffix("Document")
    return inline_serializer(f"{name}Page", {"items": document(many=True), "links": PageLinks()})


IDENTITY_PROVIDER, IDENTITY_PROVIDER_WRITE = IdentityProviderDocument, IdentityProviderWrite
IDENTITY_PROVIDER_PAGE = page_of(IdentityProviderDocument)
AUDIT_EVENT = AuditEventDocument
AUDIT_EVENT_PAGE = page_of(AuditEventDocument)


def only_the_api(endpoints: list[Any], **_: Any) -> list[Any]:
    """The machine endpoints are OAuth's, and are described by its own metadata."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/v2/organizations")]


def tag_by_resource(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What the pages sort by: `Audit events` for all below `/v2/organizations/{org}/audit_events`."""
    for address, operations in result["paths"].items():
        below = address.removeprefix("/v2/organizations").removeprefix("/{org}").strip("/")
        resource = re.split(r"[/.]", below)[0] or "organizations"
        for operation in operations.values():
            operation["tags"] = [re.sub("[-_]", " ", resource).capitalize()]
    return result


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "exchange_apps.api.authentication.BearerAuthentication"
    name = "minted token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A minted token (POST /oauth/token)"}

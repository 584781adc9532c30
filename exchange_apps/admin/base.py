"""Whose rows a screen shows, and who may do what with them: the only place that decides it for a whole screen."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.http import HttpRequest

from exchange_apps.admin.portal_model_admin import PortalModelAdmin, access_in, organization_of
from exchange_apps.models import Organization

__all__ = ["OperatorAdmin", "OrganizationScopedAdmin", "PortalModelAdmin", "access_in", "organization_of"]


class OrganizationScopedAdmin(PortalModelAdmin):
    """Rows of the organization in the address; owners and admins change them, auditors read, members see nothing."""

    organization_field = "organization"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        queryset = super().get_queryset(request)
        organization = organization_of(request)
        if organization is None:
            return queryset.none()
        return queryset.filter(**{self.organization_field: organization})

    def reads(self, request: HttpRequest) -> bool:
        organization = organization_of(request)
        return organization is not None and access_in(request).may_read(organization.pk)

    def changes(self, request: HttpRequest) -> bool:
        organization = organization_of(request)
        return organization is not None and access_in(request).may_change(organization.pk)

    def is_here(self, request: HttpRequest, obj: Any) -> bool:
        """Whether an object belongs to the organization in the address; true while there is none to ask about."""
        organization = organization_of(request)
        return obj is None or (organization is not None and obj.organization_id == organization.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.reads(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.reads(request) and self.is_here(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.changes(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.changes(request) and self.is_here(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.changes(request) and self.is_here(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only what belongs to the organization can be chosen; models without one offer nothing."""
        organization = organization_of(request)
        target = db_field.remote_field.model
        fields = {field.name for field in target._meta.get_fields()}
        if target is Organization:
            kwargs["queryset"] = Organization.objects.filter(pk__in=[organization.pk] if organization else [])
        elif "organization" in fields:
            kwargs["queryset"] = target._default_manager.filter(organization=organization)
        else:
            kwargs["queryset"] = target._default_manager.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class OperatorAdmin(PortalModelAdmin):
    """What belongs to the installation: for operators only, and only outside an organization."""

    def _is_operator(self, request: HttpRequest) -> bool:
        return organization_of(request) is None and access_in(request).sees_everything

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

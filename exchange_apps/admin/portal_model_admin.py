"""What every screen of the portal shares: changes through services, history from the log, strict query strings."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.models import AuditEvent
from audit.origin import client_ip
from exchange_apps.access import Access
from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.admin.object_history import MOST_HISTORY, history_context
from exchange_apps.models import Organization
from exchange_apps.services.audited_changes import Author
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


def access_in(request: Any) -> Access:
    """What the signed-in person may see: of the organization in the address, or altogether outside any."""
    access: Access = request.organization_access
    return access


def organization_of(request: Any) -> Organization | None:
    """The organization in the address."""
    organization: Organization | None = request.organization
    return organization


class PortalModelAdmin(_ModelAdmin):
    """Changes only through a service, history only from the audit log, only declared filters in the query string."""

    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    actions = None
    form = AuditedModelForm
    list_filter: ClassVar[Any] = ()  # of classes with a `parameter_name`
    list_title: Any = ""
    lead: Any = ""
    add_label: Any = ""
    empty_title: Any = ""
    empty_text: Any = ""
    empty_template = "portal/empty.html"
    returns_to_object = True  # after saving, show the object and not the list
    sensitive_fields: ClassVar[frozenset[str]] = frozenset()
    """Whoever changes one of these, adds or deletes is asked who they are, unless that was lately. Empty: nobody is."""

    @property
    def media(self) -> Media:
        return Media()  # nothing of the stock admin's scripts is needed

    # --- writing ----------------------------------------------------------------------------------------------------
    def save_through_service(self, obj: Any, form: Any, author: Author) -> bool:
        """Save and record; False when nothing differs. Raises ValidationError."""
        raise NotImplementedError

    def delete_through_service(self, obj: Any, author: Author) -> None:
        raise PermissionDenied

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if self.sensitive_fields and (not change or self.sensitive_fields.intersection(form.changed_data)):
            require_recent_proof(request)
        request.portal_saved = self.save_through_service(obj, form, author_of(request))  # type: ignore[attr-defined]

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        if self.sensitive_fields:
            require_recent_proof(request)
        self.delete_through_service(obj, author_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def changeform_view(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """A service may refuse what a form could not know of: nothing is written then, and the form says why."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ValidationError as refusal:
            request.portal_refusal = refusal
            return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().delete_view(request, *args, **kwargs)
        except ValidationError as refusal:
            for sentence in refusal.messages:
                messages.error(request, sentence)
            return HttpResponseRedirect(request.get_full_path())

    # Django's own log of changes is not kept: the audit log tells more, and cannot be altered.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any: ...

    def construct_change_message(self, *args: Any, **kwargs: Any) -> list[Any]:
        return []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with an object is said in words on its page, not summed up from other screens' rules."""
        return [str(obj) for obj in objs], {}, set(), []

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Forms know whom they are for, and what a service refused (`AuditedModelForm`)."""
        form = super().get_form(request, obj, change, **kwargs)
        known = {
            "organization": organization_of(request),
            "access": access_in(request),
            "seen_address": client_ip(request),
            "refusal": getattr(request, "portal_refusal", None),
        }
        return type(form.__name__, (form,), known)

    # --- answering --------------------------------------------------------------------------------------------------
    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, _("“%s” is there now.") % obj)
        return HttpResponseRedirect(self._address_after(request, obj))

    def response_change(self, request: Any, obj: Any) -> HttpResponse:
        if getattr(request, "portal_saved", True):
            messages.success(request, _("“%s” is saved.") % obj)
        else:
            messages.info(request, _("Nothing differs from what was saved before."))
        return HttpResponseRedirect(self._address_after(request, obj))

    def _address_after(self, request: HttpRequest, obj: Any) -> str:
        return self.address("change", obj.pk) if self.returns_to_object else self.address("changelist")

    def address(self, page: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=args)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": self._list_title(), **(extra_context or {})}
        return super().changelist_view(request, context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Called as the button that leads to it."""
        context = {"title": self.add_label} if self.add_label else {}
        return super().add_view(request, form_url, {**context, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        context["list_title"] = self._list_title()
        return super().render_change_form(request, context, *args, **kwargs)

    def _list_title(self) -> str:
        title = str(self.list_title or self.opts.verbose_name_plural)
        return title[:1].upper() + title[1:]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """The stock admin lets the query string search any column, a password's digest as well."""
        return lookup in {spec.parameter_name for spec in self.list_filter}

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, object_id)
        if obj is None:
            return HttpResponseRedirect(self.address("changelist"))
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %s") % obj,
            "object": obj,
            "opts": self.opts,
            **history_context(self._history(request, obj), obj.pk, request.GET),
        }
        return render(request, "admin/object_history.html", context)

    def _history(self, request: HttpRequest, obj: Any) -> models.QuerySet[AuditEvent] | list[AuditEvent]:
        if not isinstance(obj.pk, uuid.UUID):
            return []
        visible = AuditEvent.objects.visible_to(access_in(request))
        return visible.about(obj.pk).newest_first()[:MOST_HISTORY]

"""The audit log in the portal: to be read, never to be changed.

Whose log may be read is told by `request.organization_access` (`audit/access.py`), which the portal narrows to the
organization in the address.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit.access import OrganizationAccess
from audit.actions import AuditAction, Outcome
from audit.models import AuditEvent
from audit.origin import parsed_address
from audit.paging import ChoiceFilter, ExactFilter, KeysetModelAdmin
from audit.presentation import (
    changes_of,
    code,
    details_of,
    event_as_json,
    moment,
    outcome_badge,
    pretty,
    receipt_of,
)


def access_in(request: Any) -> OrganizationAccess:
    access: OrganizationAccess = request.organization_access
    return access


class TypeFilter(ChoiceFilter):
    title, parameter_name = _("event type"), "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(action.value, action.value) for action in AuditAction]


class OutcomeFilter(ChoiceFilter):
    title, parameter_name = _("outcome"), "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(outcome.value, gettext(outcome.value)) for outcome in Outcome]


class ReasonFilter(ExactFilter):
    title, parameter_name = _("reason"), "reason"

    def value(self) -> str | None:
        # The list shows reasons in words; both spellings find them
        return (super().value() or "").strip().replace(" ", "_") or None


class ActorFilter(ExactFilter):
    title, parameter_name, field_name = _("app or person (UUID)"), "actor", "actor_id"


class KeyFilter(ExactFilter):
    title, parameter_name = _("key id"), "key_id"


class AddressFilter(ExactFilter):
    title, parameter_name, field_name = _("IP address"), "ip", "request_ip"

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        # PostgreSQL would not compare an address with anything else
        is_address = not self.value() or parsed_address(str(self.value()).strip())
        return super().queryset(request, queryset) if is_address else queryset.none()


class RequestFilter(ExactFilter):
    title, parameter_name = _("request id"), "request_id"


class SubjectFilter(ExactFilter):
    title, parameter_name, field_name = _("changed object (UUID)"), "subject", "subject_id"


@admin.register(AuditEvent)
class AuditEventAdmin(KeysetModelAdmin):
    lead = _("Every exchange, refusal, sign-in and change, newest first. Nobody can alter or delete an entry.")
    empty_title = _("No such event")
    empty_text = _("Nothing is recorded here that fits. Events appear the moment something happens.")
    list_display = ("what_happened", "shown_outcome", "shown_key", "request_ip", "when")
    list_filter = (
        TypeFilter,
        OutcomeFilter,
        ReasonFilter,
        ActorFilter,
        SubjectFilter,
        KeyFilter,
        AddressFilter,
        RequestFilter,
    )

    @admin.display(description=_("event"))
    def what_happened(self, event: AuditEvent) -> SafeString:
        return format_html("{} <small><code>{}</code></small>", event.sentence, event.type)

    @admin.display(description=_("outcome"))
    def shown_outcome(self, event: AuditEvent) -> SafeString:
        if not event.reason:
            return outcome_badge(event)
        return format_html("{} <small>{}</small>", outcome_badge(event), event.reason.replace("_", " "))

    @admin.display(description=_("key id"))
    def shown_key(self, event: AuditEvent) -> SafeString | str:
        return code(event.key_id)

    @admin.display(description=_("when"))
    def when(self, event: AuditEvent) -> SafeString | str:
        return moment(event.occurred_at)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AuditEvent]:
        return AuditEvent.objects.visible_to(access_in(request))

    def has_view_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        access = access_in(request)
        if obj is None:
            return access.sees_everything or bool(access.reading_organization_ids)
        return access.sees_everything or obj.organization_id in access.reading_organization_ids

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Audit log"), **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """An event has no history: it is one."""
        return self.change_view(request, object_id, extra_context=extra_context)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        event: AuditEvent = context["original"]
        context |= event_context(event, reverse("admin:audit_auditevent_change", args=[event.pk]))
        return super().render_change_form(request, context, *args, **kwargs)


def event_context(event: AuditEvent, address: str) -> dict[str, Any]:
    """What the page of one event shows."""
    return {
        "title": event.sentence,
        "event": event,
        "outcome": outcome_badge(event),
        "receipt": receipt_of(event),
        "changes": changes_of(event),
        "details": list(details_of(event)),
        "raw": pretty(event_as_json(event, address)),
    }

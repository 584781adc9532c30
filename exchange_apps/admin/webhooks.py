"""Webhooks: who is sent the log, and how that goes."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import AuditChain
from audit.moments import moment
from audit.presentation import badge
from exchange_apps.admin.webhook_actions import WebhookActions
from exchange_apps.admin.webhook_form import WebhookForm
from exchange_apps.models import WebhookEndpoint
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.webhooks.endpoints import create_webhook, delete_webhook, save_webhook

_DELIVERIES_SHOWN = 20


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(WebhookActions):
    form = WebhookForm
    lead = gettext_lazy("The audit log, sent to receivers of yours: signed, in order, and again until it is accepted.")
    add_label = gettext_lazy("New webhook")
    empty_title = gettext_lazy("No webhook")
    empty_text = gettext_lazy("A webhook brings each event of the log to a service of yours, or to a SIEM.")
    sensitive_fields = frozenset({"url"})
    change_form_template = "admin/webhook_form.html"
    list_display = ("named", "state", "shown_types", "last_delivered")
    list_select_related = ("progress",)
    ordering = ("name",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[WebhookEndpoint]:
        return super().get_queryset(request).select_related("progress", "organization")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What an address carries behind `?` may be a secret: it is for those who could change it."""
        if obj is not None and not self.has_change_permission(request, obj):
            return ("name", "shown_url", "format", "shown_types")
        return ("name", "url", "format", "types")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shown_url", "shown_types")

    @admin.display(description=gettext_lazy("name"))
    def named(self, webhook: WebhookEndpoint) -> SafeString:
        return format_html("{} <small><code>{}</code></small>", webhook.name, webhook.shown_url)

    @admin.display(description=gettext_lazy("address"))
    def shown_url(self, webhook: WebhookEndpoint) -> SafeString:
        return format_html("<code>{}</code>", webhook.shown_url)

    @admin.display(description=gettext_lazy("state"))
    def state(self, webhook: WebhookEndpoint) -> SafeString:
        return state_badge(webhook)

    @admin.display(description=gettext_lazy("event types"))
    def shown_types(self, webhook: WebhookEndpoint) -> str:
        return ", ".join(webhook.types) or _("all")

    @admin.display(description=gettext_lazy("last accepted"))
    def last_delivered(self, webhook: WebhookEndpoint) -> SafeString | str:
        when = webhook.progress.last_delivered_at
        return moment(when) if when else format_html('<small class="quiet">{}</small>', _("never"))

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        webhook = context["original"]
        if webhook is not None:
            chain = AuditChain.objects.filter(pk=webhook.organization_id).first()
            progress = webhook.progress
            context |= {
                "webhook": webhook,
                "progress": progress,
                "state": state_badge(webhook),
                "sealed": chain.sequence if chain else 0,
                "behind": max(0, (chain.sequence if chain else 0) - progress.delivered_sequence),
                "two_secrets": webhook.has_two_secrets(timezone.now()),
                "deliveries": webhook.deliveries.order_by("-id")[:_DELIVERIES_SHOWN],
                "dead_letters": webhook.dead_letters.order_by("sequence"),
                "waits_for_one": webhook.dead_letters.filter(sequence__gt=progress.delivered_sequence).exists(),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_through_service(self, obj: WebhookEndpoint, form: Any, author: Author) -> bool:
        if not obj._state.adding:
            return save_webhook(obj, author=author)
        obj.told_once = create_webhook(obj, author=author)  # type: ignore[attr-defined]
        return True

    def delete_through_service(self, obj: WebhookEndpoint, author: Author) -> None:
        delete_webhook(obj, author=author)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> HttpResponse:
        return self.show_secret(request, obj, obj.told_once, _("“%s” is there now") % obj)


def state_badge(webhook: WebhookEndpoint) -> SafeString:
    progress = webhook.progress
    if progress.paused_at is not None:
        return badge(_("paused"), "warn" if progress.paused_because == "person" else "bad")
    if progress.failing_since is not None:
        return badge(_("failing"), "bad")
    return badge(_("delivers"), "good")

"""What is done to a webhook beside its form: try it, pause it, send again, give it a new secret. Each takes a POST."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from exchange_apps.admin.base import OrganizationScopedAdmin
from exchange_apps.models import WebhookDelivery, WebhookEndpoint
from exchange_apps.services.webhooks.again import place_at, send_again, send_test
from exchange_apps.services.webhooks.endpoints import (
    BOTH_SECRETS,
    move_webhook,
    pause_webhook,
    resume_webhook,
    rotate_secret,
)
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof

_LAST_PLACE = 2**63 - 1


class WebhookActions(OrganizationScopedAdmin):
    def get_urls(self) -> list[URLPattern]:
        def page(route: str, act: Any, name: str) -> URLPattern:
            def view(request: HttpRequest, object_id: uuid.UUID, **kwargs: Any) -> HttpResponse:
                webhook = self._webhook(request, object_id)
                answer = act(request, webhook, **kwargs) if request.method == "POST" else None
                return answer or HttpResponseRedirect(self.address("change", webhook.pk))

            found: URLPattern = path(
                f"<uuid:object_id>/{route}/",
                self.admin_site.admin_view(view),
                name=f"exchange_apps_webhookendpoint_{name}",
            )
            return found

        return [
            page("test", self._test, "test"),
            page("pause", self._pause, "pause"),
            page("resume", self._resume, "resume"),
            page("rotate", self._rotate, "rotate"),
            page("replay", self._replay, "replay"),
            page("events/<uuid:event_id>/again", self._again, "again"),
            *super().get_urls(),
        ]

    def _webhook(self, request: HttpRequest, object_id: uuid.UUID) -> WebhookEndpoint:
        webhook: WebhookEndpoint | None = self.get_object(request, str(object_id))
        if webhook is None:
            raise Http404
        if not self.has_change_permission(request, webhook):
            raise PermissionDenied
        return webhook

    def show_secret(self, request: HttpRequest, webhook: WebhookEndpoint, secret: str, title: str) -> HttpResponse:
        """The answer itself shows it: it is nowhere to be found again."""
        context = {"title": title, "webhook": webhook, "secret": secret, "opts": self.opts}
        context |= {"hours": int(BOTH_SECRETS.total_seconds() // 3600), "has_old": bool(webhook.previous_secret)}
        response = render(request, "admin/webhook_secret.html", {**self.admin_site.each_context(request), **context})
        response["Cache-Control"] = "no-store"
        return response

    def _rotate(self, request: HttpRequest, webhook: WebhookEndpoint) -> HttpResponse:
        require_recent_proof(request)
        secret = rotate_secret(webhook, author=author_of(request))
        webhook.refresh_from_db()
        return self.show_secret(request, webhook, secret, _("New secret of “%s”") % webhook.name)

    def _test(self, request: HttpRequest, webhook: WebhookEndpoint) -> None:
        try:
            say_what_came_of_it(
                request, send_test(webhook, author=author_of(request)), _("The test event was accepted")
            )
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))

    def _again(self, request: HttpRequest, webhook: WebhookEndpoint, event_id: uuid.UUID) -> None:
        try:
            attempt = send_again(webhook, event_id, author=author_of(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return
        if attempt is None:
            messages.error(request, _("This event is not in the log, or no longer."))
        else:
            say_what_came_of_it(request, attempt, _("The event was accepted"))

    def _pause(self, request: HttpRequest, webhook: WebhookEndpoint) -> None:
        if pause_webhook(webhook, author=author_of(request)):
            messages.success(request, _("“%s” is paused. Nothing is lost: it goes on where it stopped.") % webhook)

    def _resume(self, request: HttpRequest, webhook: WebhookEndpoint) -> None:
        if resume_webhook(webhook, author=author_of(request), skip="skip" in request.POST):
            messages.success(request, _("“%s” goes on.") % webhook)

    def _replay(self, request: HttpRequest, webhook: WebhookEndpoint) -> None:
        place = _place(webhook, request.POST.get("sequence", "").strip(), request.POST.get("since", "").strip())
        if place is None:
            messages.error(request, _("Give the number of an event, or a date and time."))
            return
        move_webhook(webhook, place, author=author_of(request))
        messages.success(request, _("Everything from event %d on is sent, once more where it was sent before.") % place)


def _place(webhook: WebhookEndpoint, sequence: str, since: str) -> int | None:
    if sequence.isascii() and sequence.isdigit() and 0 < int(sequence) < _LAST_PLACE:
        return int(sequence)
    moment = _moment(since)
    return None if sequence or moment is None else place_at(webhook, moment)


def _moment(text: str) -> datetime | None:
    """In the viewer's zone."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return timezone.make_aware(found) if found is not None and timezone.is_naive(found) else found


def say_what_came_of_it(request: HttpRequest, attempt: WebhookDelivery, accepted: str) -> None:
    values = {"accepted": accepted, "status": attempt.status, "ms": attempt.elapsed_ms}
    if attempt.is_delivered:
        messages.success(request, _("%(accepted)s (HTTP %(status)s, %(ms)s ms).") % values)
    else:
        messages.error(request, _("It was not accepted. %s") % attempt.sentence)

"""Token exchange apps: how to call one, its keys, and everything it may do, on one page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from audit.models import AuditEvent
from audit.presentation import badge
from exchange_apps.admin.activity_panel import ActivityPanel
from exchange_apps.admin.application_actions import ApplicationActions
from exchange_apps.admin.application_list import ApplicationList
from exchange_apps.admin.application_tabs import application_tabs
from exchange_apps.admin.base import access_in
from exchange_apps.admin.example_calls import example_calls
from exchange_apps.admin.forms import ApplicationForm
from exchange_apps.admin.key_panel import key_summary, keys_panel
from exchange_apps.admin.object_history import MOST_HISTORY
from exchange_apps.admin.widgets import duration
from exchange_apps.models import ExchangeApplication, Scope
from exchange_apps.services.applications import delete_application, save_application
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.live_tokens import count_live_tokens


@admin.register(ExchangeApplication)
class ApplicationAdmin(ApplicationList, ActivityPanel, ApplicationActions):
    form = ApplicationForm
    sensitive_fields = frozenset(
        {
            "key_source",
            "jwks",
            "jwks_uri",
            "grantable_scopes",
            "default_scopes",
            "exchange_allowed_ips",
            "token_allowed_ips",
            "enabled",
        }
    )
    change_form_template = "admin/application_form.html"

    @admin.display(description=_("state"))
    def state(self, app: ExchangeApplication) -> SafeString:
        return enabled_badge(app)

    @admin.display(description=_("keys"))
    def shown_keys(self, app: ExchangeApplication) -> SafeString:
        return key_summary(app)

    @admin.display(description=_("scopes"))
    def shown_scopes(self, app: ExchangeApplication) -> str:
        return str(len(app.grantable_scopes))

    @admin.display(description=_("longest token"))
    def shown_ttl(self, app: ExchangeApplication) -> str:
        return duration(app.max_token_ttl)

    def save_through_service(self, obj: ExchangeApplication, form: Any, author: Author) -> bool:
        return save_application(obj, author=author)

    def save_model(self, request: HttpRequest, obj: ExchangeApplication, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        request.portal_application = obj  # type: ignore[attr-defined]

    def _history(self, request: HttpRequest, obj: ExchangeApplication) -> models.QuerySet[AuditEvent]:
        """What happened to the app, and to its keys one by one."""
        subjects = [obj.pk, *obj.key_history.values_list("pk", flat=True)]
        return AuditEvent.objects.visible_to(access_in(request)).about(*subjects).newest_first()[:MOST_HISTORY]

    def delete_through_service(self, obj: ExchangeApplication, author: Author) -> None:
        delete_application(obj, author=author)

    @method_decorator(sensitive_post_parameters("jwks", "jwks_uri"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().changeform_view(request, *args, **kwargs)
        saved: ExchangeApplication | None = getattr(request, "portal_application", None)
        if saved is not None and saved.key_set is not None:  # the commit is done, and with it the first fetch
            saved.key_set.refresh_from_db()
            if saved.key_set.failing_since is not None:
                sentence = _("Its keys cannot be fetched at present. %s")
                messages.warning(request, sentence % saved.key_set.last_sentence)
        return response

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        app: ExchangeApplication | None = context.get("original")
        if app is None:
            context["title"] = _("New token exchange app")
        else:
            # The form may have put unsaved input into the instance; what is shown beside it is what is stored
            app = ExchangeApplication.objects.select_related("key_set", "organization").get(pk=app.pk)
            labels = {scope.name: scope for scope in Scope.objects.filter(name__in=app.grantable_scopes)}
            context |= {
                "title": app.name,
                "app": app,
                "state": enabled_badge(app),
                "live": count_live_tokens(app, now=timezone.now()),
                "panel": keys_panel(app, now=timezone.now()),
                "scopes": [
                    {"name": name, "scope": labels.get(name), "by_default": name in app.default_scopes}
                    for name in app.grantable_scopes
                ],
                "lifetimes": (duration(app.max_token_ttl), duration(app.max_assertion_lifetime)),
                "calls": example_calls(app, email=request.user.email),
                "public_url": settings.PUBLIC_URL,
            }
        context["tabs"] = application_tabs(context["adminform"].form, is_new=app is None)
        return super().render_change_form(request, context, *args, **kwargs)


def enabled_badge(app: ExchangeApplication) -> SafeString:
    return badge(_("enabled"), "good") if app.enabled else badge(_("disabled"), "bad")

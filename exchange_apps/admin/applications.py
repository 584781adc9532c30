"""Token exchange apps: how to call one, its keys, and everything it may do, on one page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from audit.models import AuditEvent
from audit.paging import ChoiceFilter
from audit.presentation import badge, moment
from exchange_apps.admin.base import access_in
from exchange_apps.admin.forms import ApplicationForm
from exchange_apps.admin.key_actions import KeyActions
from exchange_apps.admin.key_panel import key_summary, keys_panel
from exchange_apps.admin.portal_model_admin import MOST_HISTORY
from exchange_apps.domain import urns
from exchange_apps.models import ExchangeApplication, Scope
from exchange_apps.services.applications import delete_application, save_application
from exchange_apps.services.audited_changes import Author


class EnabledFilter(ChoiceFilter):
    title, parameter_name = _("state"), "enabled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("True", _("enabled")), ("False", _("disabled"))]


@admin.register(ExchangeApplication)
class ApplicationAdmin(KeyActions):
    list_title: Any = _("Token Exchange Apps")
    lead = _("Your own signing services. Each signs assertions with a key that only it has, and gets tokens for them.")
    add_label = _("New app")
    empty_title = _("No token exchange app yet")
    empty_text = _(
        "Make a key pair with “manage.py keygen --out keys”, paste the public half here, and call the token endpoint."
    )
    form = ApplicationForm
    list_display = ("name", "state", "shown_client_id", "shown_keys", "shown_scopes", "shown_ttl", "created")
    list_filter = (EnabledFilter,)
    search_fields = ("name", "description", "client_id")
    search_help_text = _("Name, description or client id")
    sortable_by = ("name", "created")
    list_select_related = ("key_set",)
    change_form_template = "admin/application_form.html"

    @admin.display(description=_("state"))
    def state(self, app: ExchangeApplication) -> SafeString:
        return enabled_badge(app)

    @admin.display(description=_("client id"))
    def shown_client_id(self, app: ExchangeApplication) -> SafeString | str:
        return format_html('<code class="nowrap">{}</code>', app.client_id)

    @admin.display(description=_("keys"))
    def shown_keys(self, app: ExchangeApplication) -> SafeString:
        return key_summary(app)

    @admin.display(description=_("scopes"))
    def shown_scopes(self, app: ExchangeApplication) -> str:
        return str(len(app.grantable_scopes))

    @admin.display(description=_("longest token"))
    def shown_ttl(self, app: ExchangeApplication) -> str:
        return duration(app.max_token_ttl)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, app: ExchangeApplication) -> SafeString | str:
        return moment(app.created_at)

    def save_through_service(self, obj: ExchangeApplication, form: Any, author: Author) -> bool:
        return save_application(obj, author=author)

    def save_model(self, request: HttpRequest, obj: ExchangeApplication, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        request.portal_application = obj  # type: ignore[attr-defined]

    def _history(self, request: HttpRequest, obj: ExchangeApplication) -> models.QuerySet[AuditEvent]:
        """What happened to the app, and to its keys one by one."""
        subjects = [obj.pk, *obj.key_history.values_list("pk", flat=True)]
        visible = AuditEvent.objects.visible_to(access_in(request))
        return visible.filter(subject_id__in=subjects).newest_first()[:MOST_HISTORY]

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
                "panel": keys_panel(app, now=timezone.now()),
                "scopes": [
                    {"name": name, "scope": labels.get(name), "by_default": name in app.default_scopes}
                    for name in app.grantable_scopes
                ],
                "lifetimes": (duration(app.max_token_ttl), duration(app.max_assertion_lifetime)),
                "curl": example_request(app, request.user.email),
                "signing": example_signing(app),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def enabled_badge(app: ExchangeApplication) -> SafeString:
    return badge(_("enabled"), "good") if app.enabled else badge(_("disabled"), "bad")


def duration(seconds: int) -> str:
    """3600 → “1 h”, 90 → “1 min 30 s”: what a person compares."""
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return (
        " ".join(f"{value} {unit}" for value, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if value) or "0 s"
    )


def example_signing(app: ExchangeApplication) -> str:
    kid = "".join(f" --kid {shell_quoted(key.kid)}" for key in app.keys().keys[:1])
    return (
        "ASSERTION=$(.venv/bin/python manage.py sign_assertion \\\n"
        f"  --key private_key.pem --client-id {app.client_id}{kid})"
    )


def example_request(app: ExchangeApplication, email: str) -> str:
    """A call that works as it stands, once `ASSERTION` is signed with the private key."""
    parameters = (
        ("grant_type", urns.GRANT_TOKEN_EXCHANGE),
        ("client_assertion_type", urns.CLIENT_ASSERTION_JWT_BEARER),
        ("subject_token", email),
        ("subject_token_type", urns.SUBJECT_USER_EMAIL),
        ("audience", app.organization.slug),
        ("scope", " ".join(app.default_scopes or app.grantable_scopes[:1])),
    )
    lines = [f"curl {settings.PUBLIC_URL}/oauth/token", '  --data-urlencode "client_assertion=$ASSERTION"']
    lines += [f"  --data-urlencode {shell_quoted(f'{name}={value}')}" for name, value in parameters]
    return " \\\n".join(lines)


def shell_quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"

"""Identity providers: whom the organization trusts, under which policy, and what a job has to call."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from exchange_apps.admin.key_panel import is_too_old
from exchange_apps.admin.key_preview import inspected_rows
from exchange_apps.admin.provider_actions import ProviderActions
from exchange_apps.admin.provider_form import ProviderForm
from exchange_apps.admin.provider_list import ProviderList, state_badge
from exchange_apps.admin.provider_snippets import snippets
from exchange_apps.admin.tabs import tabs_of
from exchange_apps.admin.trust_preview import observed_by
from exchange_apps.admin.widgets import duration
from exchange_apps.domain.identity_presets import PROFILES
from exchange_apps.domain.jwk import inspect_jwks
from exchange_apps.domain.yaml_writing import write_yaml
from exchange_apps.models import IdentityProvider
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.identity_providers import delete_identity_provider, save_identity_provider
from exchange_apps.services.trust_decisions import flush_decisions

_TABS: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("connect", _("Connect"), ()),
    ("policy", _("Policy"), ("policy", "acknowledge")),
    ("issuer", _("Issuer"), ("preset", "issuer", "audiences", "key_source", "jwks", "jwks_uri")),
    ("limits", _("Limits"), ("token_ttl", "exchange_allowed_ips", "token_allowed_ips")),
    ("general", _("General"), ("name", "mode", "enabled")),
)


@admin.register(IdentityProvider)
class IdentityProviderAdmin(ProviderList, ProviderActions):
    form = ProviderForm
    change_form_template = "admin/provider_form.html"
    sensitive_fields = frozenset(
        {
            "preset",
            "issuer",
            "key_source",
            "jwks",
            "jwks_uri",
            "audiences",
            "policy",
            "token_ttl",
            "mode",
            "enabled",
            "exchange_allowed_ips",
            "token_allowed_ips",
        }
    )

    def save_through_service(self, obj: IdentityProvider, form: Any, author: Author) -> bool:
        return save_identity_provider(obj, author=author, acknowledged=form.cleaned_data["acknowledge"])

    def save_model(self, request: HttpRequest, obj: IdentityProvider, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        request.portal_provider = obj  # type: ignore[attr-defined]

    def delete_through_service(self, obj: IdentityProvider, author: Author) -> None:
        delete_identity_provider(obj, author=author)

    @method_decorator(sensitive_post_parameters("jwks", "jwks_uri"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        flush_decisions()
        response = super().changeform_view(request, *args, **kwargs)
        saved: IdentityProvider | None = getattr(request, "portal_provider", None)
        if saved is not None and saved.key_set is not None:  # the commit is done, and with it the first fetch
            saved.key_set.refresh_from_db()
            if saved.key_set.failing_since is not None:
                sentence = _("Its keys cannot be fetched at present. %s")
                messages.warning(request, sentence % saved.key_set.last_sentence)
        return response

    def render_change_form(self, request: Any, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        provider: IdentityProvider | None = context.get("original")
        form = context["adminform"].form
        if provider is not None:
            # The form may have put unsaved input into the instance; what is shown beside it is what is stored
            provider = IdentityProvider.objects.select_related("key_set", "organization").get(pk=provider.pk)
            context |= {
                "title": provider.name,
                "provider": provider,
                "state": state_badge(provider),
                "panel": _keys_of(provider),
                "snippets": snippets(provider),
                "lifetime": duration(provider.token_ttl),
                "observed": observed_by(provider),
                "policy_text": provider.policy_text or write_yaml(provider.policy),
            }
        context["profiles"] = PROFILES.values()
        context["tabs"] = [] if provider is None else tabs_of(form, _TABS)
        return super().render_change_form(request, context, *args, **kwargs)


def _keys_of(provider: IdentityProvider) -> dict[str, Any]:
    now = timezone.now()
    key_set = provider.key_set
    document = key_set.document if key_set else provider.jwks
    return {
        "rows": inspected_rows(inspect_jwks(document)) if document else [],
        "key_set": key_set,
        "is_too_old": is_too_old(key_set, now),
        "is_due": key_set is not None and (key_set.refresh_at or now) <= now,
    }

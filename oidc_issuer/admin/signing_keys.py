"""What operators see of the signing keys: how long each goes on, and two buttons, one of them for emergencies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.defaultfilters import timeuntil_filter
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from audit.presentation import badge
from exchange_apps.admin.base import OperatorAdmin
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof
from oidc_issuer.keys import JWKS_MAX_AGE, ROTATION_PERIOD, KeyState
from oidc_issuer.models import ALGORITHMS, SigningKey
from oidc_issuer.services.signing_keys import revoke_signing_key, rotate_signing_key


@dataclass(frozen=True, slots=True)
class AlgorithmPanel:
    """One algorithm: what signs now and what comes next, with the time that is left."""

    algorithm: str
    active: SigningKey | None
    following: SigningKey | None
    now: datetime

    @property
    def is_ready(self) -> bool:
        return self.following is not None and self.following.usable_from <= self.now

    @property
    def days_signed(self) -> int:
        signs_since = self.active.activated_at if self.active else None
        return (self.now - signs_since).days if signs_since else 0

    @property
    def days_in_all(self) -> int:
        return ROTATION_PERIOD.days

    @property
    def time_until_rotation(self) -> str:
        rotates_at = self.active.rotates_at if self.active else None
        return time_left(rotates_at, self.now) if rotates_at else ""

    @property
    def time_until_ready(self) -> str:
        return time_left(self.following.usable_from, self.now) if self.following else ""


@admin.register(SigningKey)
class SigningKeyAdmin(OperatorAdmin):
    lead = gettext_lazy("What Counterfoil signs with: ID tokens for jobs, and the audit log’s checkpoints.")
    empty_title = gettext_lazy("No signing key yet")
    empty_text = gettext_lazy("The first keys are made when the server starts, or when a signature is needed.")
    list_display = ("shown_key", "shown_state", "shown_next_change")
    sortable_by = ()
    ordering = ("-id",)
    change_list_template = "admin/signing_keys.html"
    change_form_template = "admin/signing_key_page.html"

    @admin.display(description=gettext_lazy("key"))
    def shown_key(self, key: SigningKey) -> SafeString:
        return format_html('<code class="kid">{}</code> <small>{}</small>', key.kid, key.algorithm)

    @admin.display(description=gettext_lazy("state"))
    def shown_state(self, key: SigningKey) -> SafeString:
        return state_badge(key)

    @admin.display(description=gettext_lazy("what comes next"))
    def shown_next_change(self, key: SigningKey) -> SafeString | str:
        return next_change(key, timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # --- pages ------------------------------------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        now = timezone.now()
        current = {
            (key.algorithm, key.state): key
            for key in SigningKey.objects.filter(state__in=(KeyState.ACTIVE, KeyState.NEXT))
        }
        panels = [
            AlgorithmPanel(name, current.get((name, KeyState.ACTIVE)), current.get((name, KeyState.NEXT)), now)
            for name in ALGORITHMS
        ]
        return super().changelist_view(request, {"panels": panels if current else [], **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        key = context["original"]
        context |= {"title": key.kid, "key": key, "state": state_badge(key), "next": next_change(key, timezone.now())}
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        rotate, revoke = self.admin_site.admin_view(self.rotate_view), self.admin_site.admin_view(self.revoke_view)
        return [
            path("rotate/<str:algorithm>/", rotate, name="oidc_issuer_signingkey_rotate"),
            path("<uuid:object_id>/revoke/", revoke, name="oidc_issuer_signingkey_revoke"),
            *super().get_urls(),
        ]

    def rotate_view(self, request: HttpRequest, algorithm: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if algorithm not in ALGORITHMS:
            raise Http404
        if request.method == "POST":
            require_recent_proof(request)
            return self._rotate(request, algorithm)
        return self._page(
            request,
            "admin/rotate_signing_key.html",
            title=_("Rotate the %s key now?") % algorithm,
            algorithm=algorithm,
            active=SigningKey.objects.of(algorithm, KeyState.ACTIVE),
            following=SigningKey.objects.of(algorithm, KeyState.NEXT),
            now=timezone.now(),
        )

    def _rotate(self, request: HttpRequest, algorithm: str) -> HttpResponse:
        try:
            rotate_signing_key(algorithm, author=author_of(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        else:
            messages.success(request, _("A new %s key signs from now on.") % algorithm)
        return HttpResponseRedirect(self.address("changelist"))

    def revoke_view(self, request: HttpRequest, object_id: Any) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        key = SigningKey.objects.filter(pk=object_id).first()
        if key is None:
            raise Http404
        if request.method == "POST":
            require_recent_proof(request)
            revoke_signing_key(key, author=author_of(request))
            messages.success(request, _("The key is revoked: it is no longer published, and signs nothing more."))
            return HttpResponseRedirect(self.address("change", key.pk))
        following = SigningKey.objects.of(key.algorithm, KeyState.NEXT)
        return self._page(
            request,
            "admin/revoke_signing_key.html",
            title=_("Revoke this signing key?"),
            key=key,
            following=following,
            leaves_none=key.state == KeyState.ACTIVE and (not following or following.usable_from > timezone.now()),
            minutes=int(JWKS_MAX_AGE.total_seconds() // 60),
        )

    def _page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        return render(request, template, {**self.admin_site.each_context(request), "opts": self.opts, **context})


def state_badge(key: SigningKey) -> SafeString:
    match key.state:
        case KeyState.ACTIVE:
            return badge(_("signs"), "good")
        case KeyState.NEXT:
            return badge(_("next"), "accent")
        case KeyState.REVOKED:
            return badge(_("revoked"), "bad")
        case _:
            return badge(_("retired"))


def next_change(key: SigningKey, now: datetime) -> SafeString | str:
    """What happens to a key by itself, and when."""
    match key.state:
        case KeyState.NEXT if key.usable_from > now:
            return _countdown(_("may sign"), key.usable_from, now)
        case KeyState.NEXT:
            return _("ready to take over")
        case KeyState.ACTIVE:
            return _countdown(_("rotates"), key.rotates_at, now)
        case KeyState.RETIRED if key.published_until and key.published_until > now:
            return _countdown(_("leaves the key set"), key.published_until, now)
        case _:
            return _("no longer published")


def _countdown(what: str, when: datetime | None, now: datetime) -> SafeString:
    """`rotates in 89 days`, with the time itself below."""
    if when is None or when <= now:
        return format_html("{} {}", what, _("within minutes"))
    return format_html(
        '<time datetime="{}">{} <small class="nowrap">{}</small></time>',
        when.isoformat(timespec="seconds"),
        _("%(what)s in %(left)s") % {"what": what, "left": time_left(when, now)},
        f"{when:%Y-%m-%d %H:%M} UTC",
    )


def time_left(when: datetime, now: datetime) -> str:
    """In whole days, as one counts down; the last two to the minute."""
    days = (when - now).days
    if days < 2:
        return timeuntil_filter(when, now) if when > now else _("a few minutes")
    return ngettext("%d day", "%d days", days) % days

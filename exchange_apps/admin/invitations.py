"""Inviting people, and what waits for an answer: pages beside the list of members."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from exchange_apps.admin.base import OrganizationScopedAdmin, access_in, organization_of
from exchange_apps.models import Invitation, Role
from exchange_apps.services.invitations import invite, resend, withdraw
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.reauthentication import require_recent_proof


class InvitationForm(forms.Form):
    """By e-mail: nobody leafs through the users of other organizations. Known or not, the answer is the same."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
        help_text=gettext_lazy("A letter with a link goes there. The link works once, for seven days."),
    )
    role = forms.ChoiceField(label=gettext_lazy("Role"), initial=Role.MEMBER, choices=Role.choices)

    def __init__(self, *args: Any, owns: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles_for(owns=owns)  # type: ignore[attr-defined]


def roles_for(*, owns: bool) -> list[tuple[str, Any]]:
    """Only owners make owners: otherwise an admin could promote himself."""
    return [(value, label) for value, label in Role.choices if owns or value != Role.OWNER]


@dataclass(frozen=True, slots=True)
class PendingRow:
    invitation: Invitation
    is_expired: bool
    may_change: bool


class InvitationPages(OrganizationScopedAdmin):
    """The add page invites; `invitations/<id>/resend/` and `…/withdraw/` take a POST each."""

    def get_urls(self) -> list[URLPattern]:
        pages = [("resend", self.resend_view), ("withdraw", self.withdraw_view)]
        return [
            path(
                f"invitations/<uuid:key>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"exchange_apps_invitation_{name}",
            )
            for name, view in pages
        ] + super().get_urls()

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        organization = organization_of(request)
        if organization is None or not self.has_add_permission(request):
            raise PermissionDenied
        owns = access_in(request).owns(organization.pk)
        form = InvitationForm(request.POST or None, owns=owns)
        if request.method == "POST" and form.is_valid():
            require_recent_proof(request)
            email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
            try:
                self._tell_sent(request, invite(organization, email, role, author=author_of(request)))
                return HttpResponseRedirect(self.address("changelist"))
            except ValidationError as refusal:
                form.add_error(None, refusal)
        context = {**self.admin_site.each_context(request), "title": _("Invite somebody"), "form": form}
        return render(request, "admin/invite.html", {**context, "opts": self.opts})

    def resend_view(self, request: HttpRequest, key: uuid.UUID) -> HttpResponse:
        def act(found: Invitation, author: Any) -> None:
            if found.role == Role.OWNER:
                require_recent_proof(request)
            self._tell_sent(request, resend(found, author=author))

        return self._answer(request, key, act)

    def withdraw_view(self, request: HttpRequest, key: uuid.UUID) -> HttpResponse:
        def act(found: Invitation, author: Any) -> None:
            withdraw(found, author=author)
            messages.success(request, _("The invitation of %s is withdrawn: its link no longer works.") % found.email)

        return self._answer(request, key, act)

    def _answer(self, request: HttpRequest, key: uuid.UUID, act: Any) -> HttpResponse:
        if not self.changes(request):
            raise PermissionDenied
        found = Invitation.objects.filter(pk=key, organization=organization_of(request)).select_related("organization")
        invitation = found.first()
        if invitation is None:
            raise Http404
        if not self._may_change(request, invitation):
            raise PermissionDenied
        try:
            act(invitation, author_of(request))
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
        return HttpResponseRedirect(self.address("changelist"))

    def _may_change(self, request: HttpRequest, invitation: Invitation) -> bool:
        """As with members: what makes an owner is the owners' affair."""
        access = access_in(request)
        return self.changes(request) and (invitation.role != Role.OWNER or access.owns(invitation.organization_id))

    def _tell_sent(self, request: HttpRequest, invitation: Invitation) -> None:
        if invitation.sent_at is not None:
            messages.success(request, _("A letter with the invitation is on its way to %s.") % invitation.email)
        else:
            sentence = _("%s is invited, but the mail server did not take the letter. Send it again a little later.")
            messages.warning(request, sentence % invitation.email)

    def pending_rows(self, request: HttpRequest) -> list[PendingRow]:
        rows = Invitation.objects.filter(organization=organization_of(request)).select_related("invited_by")
        now = timezone.now()
        return [PendingRow(row, row.is_expired(now), self._may_change(request, row)) for row in rows.order_by("email")]

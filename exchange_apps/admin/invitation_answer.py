"""The page behind an invitation's link: sign in or make an account, then accept or decline.

The link's secret goes from the address into the session at once, so that it stays in no history and no Referer.
However people sign in, they come back here: this page knows `LOGIN_URL` and the session, and nothing else of it.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from audit.origin import RequestOrigin
from audit.parties import Party, PartyType
from exchange_apps.models import Invitation, User
from exchange_apps.services.audited_changes import Author
from exchange_apps.services.invitation_answers import (
    accept,
    accept_as_newcomer,
    decline,
    find_by_digest,
    find_invitation,
    may_set_password,
    note_late_try,
)
from exchange_apps.sign_in import author_of
from exchange_apps.sign_in.newcomers import sign_in_newcomer

_KEPT = "invitation"  # in the session: the digest of the secret, in hexadecimal


class NewcomerForm(forms.Form):
    """An account for the invited address."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 8 characters, and not one that everybody uses."),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        if password := self.cleaned_data.get("password"):
            try:
                validate_password(password, User(email=self.email, name=self.cleaned_data.get("name", "")))
            except ValidationError as refusal:
                self.add_error("password", refusal)
        return self.cleaned_data


@never_cache
def open_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Looks and changes nothing: mail programs open links on their own."""
    invitation = find_invitation(secret)
    if invitation is None:
        return _no_such(request)
    request.session[_KEPT] = bytes(invitation.digest).hex()
    return HttpResponseRedirect(reverse("invitation"))


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class AnswerInvitation(View):
    invitation: Invitation

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        found = find_by_digest(bytes.fromhex(request.session.get(_KEPT, "")))
        if found is None:
            return _no_such(request)
        self.invitation = found
        if found.is_expired(timezone.now()):
            note_late_try(found, author=self._author())
            return render(request, "invitation/expired.html", self._context(_("This invitation has expired")))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page()

    def post(self, request: HttpRequest) -> HttpResponse:
        acts = {"accept": self._accept, "join": self._join, "decline": self._decline, "switch": self._switch}
        act = acts.get(request.POST.get("answer", ""))
        try:
            return act() if act else self._page()
        except ValidationError as refusal:
            return self._page(refusals=refusal.messages)

    def _accept(self) -> HttpResponse:
        if not isinstance(self.request.user, User):
            return self._page()
        accept(self.invitation, self.request.user, author=author_of(self.request))
        return self._welcome()

    def _join(self) -> HttpResponse:
        form = NewcomerForm(self.request.POST, email=self.invitation.email)
        if self.request.user.is_authenticated or not form.is_valid():
            return self._page(form=form)
        name, password = form.cleaned_data["name"], form.cleaned_data["password"]
        origin, author = RequestOrigin.of(self.request), self._author()
        user = accept_as_newcomer(self.invitation, name=name, password=password, origin=origin, author=author)
        sign_in_newcomer(self.request, user)
        return self._welcome()

    def _decline(self) -> HttpResponse:
        decline(self.invitation, author=self._author())
        del self.request.session[_KEPT]
        return render(self.request, "invitation/declined.html", self._context(_("Declined")))

    def _switch(self) -> HttpResponse:
        """Sign out whoever is signed in, and keep the invitation for the one it is meant for."""
        kept = self.request.session[_KEPT]
        logout(self.request)
        self.request.session[_KEPT] = kept
        return HttpResponseRedirect(reverse("invitation"))

    def _welcome(self) -> HttpResponse:
        self.request.session.pop(_KEPT, None)
        organization = self.invitation.organization
        messages.success(self.request, _("Welcome to %s.") % organization.name)
        return HttpResponseRedirect(f"/o/{organization.slug}/")

    def _page(self, *, form: NewcomerForm | None = None, refusals: list[str] | None = None) -> HttpResponse:
        user = self.request.user
        account = User.objects.filter(email=self.invitation.email).first()
        context = self._context(_("Join %s") % self.invitation.organization.name) | {
            "is_for_me": isinstance(user, User) and user.email == self.invitation.email,
            "may_join": may_set_password(account),
            "form": form or NewcomerForm(email=self.invitation.email),
            "sign_in_address": f"{resolve_url(settings.LOGIN_URL)}?next={reverse('invitation')}",
            "refusals": refusals or [],
        }
        return render(self.request, "invitation/answer.html", context)

    def _context(self, title: str) -> dict[str, Any]:
        return {"title": title, "invitation": self.invitation}

    def _author(self) -> Author:
        """Whoever is signed in, else the holder of the link, by the address it was sent to."""
        if isinstance(self.request.user, User):
            return author_of(self.request)
        holder = Party(PartyType.USER, None, self.invitation.email)
        return Author(holder, RequestOrigin.of(self.request), timezone.now())


def _no_such(request: HttpRequest) -> HttpResponse:
    """One answer for a wrong, used, renewed or withdrawn link."""
    return render(request, "invitation/unknown.html", {"title": _("This invitation does not work")}, status=404)

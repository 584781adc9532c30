"""`/o/<slug>/…`: the organization stands in the address, and the portal below it does not notice.

The prefix moves into the script name, as if the portal were mounted there, so every link, redirect and form that the
admin builds stays inside the organization. Whoever may not see an organization gets the answer for one that does not
exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import get_script_prefix, reverse, set_script_prefix
from django.utils.translation import gettext as _

from exchange_apps.access import has_second_factor, locked_organizations
from exchange_apps.models import Organization

GetResponse = Callable[[HttpRequest], HttpResponse]
_OF_THE_PERSON = ("/account/", "/login/")  # one's own account is the same in every organization
_PREFIX = re.compile(r"/o/(?P<slug>[a-z0-9-]{1,63})(?P<rest>/.*)?")


class OrganizationPrefix:
    """Sets `request.organization` (None outside any) and narrows `request.organization_access` to it.

    `request.whole_access` stays what the person may see altogether, for the switcher.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        request.organization = None
        request.whole_access = request.organization_access
        match = _PREFIX.fullmatch(request.path_info)
        if match is None:
            return self.get_response(request)
        if (match["rest"] or "").startswith(_OF_THE_PERSON):
            return HttpResponseRedirect(_outside(request, match["rest"]))
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), resolve_url(settings.LOGIN_URL))
        organization = Organization.objects.visible_to(request.whole_access).filter(slug=match["slug"]).first()
        if needs_second_factor(request, organization, match["slug"]):
            return lead_to_second_factor(request)
        if organization is None:
            raise Http404
        if match["rest"] is None:
            return HttpResponseRedirect(request.path + "/")
        return self._answer_inside(request, organization, match["rest"])

    def _answer_inside(self, request: Any, organization: Organization, rest: str) -> HttpResponse:
        request.organization = organization
        request.organization_access = request.whole_access.within(organization.id)
        request.META["SCRIPT_NAME"] = f"{request.META.get('SCRIPT_NAME', '').rstrip('/')}/o/{organization.slug}"
        request.path_info = request.META["PATH_INFO"] = rest
        request.urlconf = "config.portal_urls"  # machines' addresses are not repeated inside an organization
        # Server handlers set the prefix anew for each request, but the test client does not: always give it back
        with script_prefix(request.META["SCRIPT_NAME"] + "/"):
            return self.get_response(request)


def _outside(request: Any, rest: str) -> str:
    query = request.META.get("QUERY_STRING", "")
    return f"{installation_prefix().rstrip('/')}{rest}{'?' if query else ''}{query}"


def needs_second_factor(request: Any, organization: Organization | None, slug: str) -> bool:
    """Whether a second factor is all that keeps this person from the organization `slug`."""
    if organization is not None:  # operators see every organization, and keep its rules when they enter
        return organization.mfa_required and not has_second_factor(request.user.pk)
    return request.whole_access.is_locked_out and slug in {found.slug for found in locked_organizations(request.user)}


def lead_to_second_factor(request: Any) -> HttpResponse:
    messages.warning(request, _("Set up a second factor first: the organization requires one."))
    return HttpResponseRedirect(reverse_outside("mfa_index"))


@contextmanager
def script_prefix(prefix: str) -> Iterator[None]:
    before = get_script_prefix()
    set_script_prefix(prefix)
    try:
        yield
    finally:
        set_script_prefix(before)


def installation_prefix() -> str:
    """The prefix outside any organization, wherever the current request is."""
    return re.sub(r"/o/[a-z0-9-]{1,63}/\Z", "/", get_script_prefix())


def reverse_outside(name: str, *args: object) -> str:
    """The address of a portal page outside any organization."""
    with script_prefix(installation_prefix()):
        return reverse(name, urlconf="config.portal_urls", args=args)


def reverse_inside(slug: str, name: str, *args: object) -> str:
    """The address of a portal page inside the organization `slug`."""
    with script_prefix(f"{installation_prefix()}o/{slug}/"):
        return reverse(name, urlconf="config.portal_urls", args=args)

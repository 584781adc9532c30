"""Saved searches of the log: the address to give away, and what their owner does with them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.asked_search import address_of, asked_search
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.models import SavedSearch
from exchange_apps.services.saved_searches import rename_search, save_search


def log_address(saved: SavedSearch) -> str:
    """A saved search says itself which times it means."""
    return reverse("admin:audit_auditevent_changelist") + address_of(saved.query, everything=True)


@require_POST
def save_page(request: Any) -> HttpResponse:
    _check_reads(request)
    asked = asked_search(request.POST)
    back = reverse("admin:audit_auditevent_changelist") + asked.address
    if asked.error or asked.is_impossible:
        raise Http404
    try:
        saved = save_search(request.user, organization_of(request), request.POST.get("name", ""), asked.searched)
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
        return HttpResponseRedirect(back)
    messages.success(request, _("“%s” is saved. It stands below “Searches”.") % saved)
    return HttpResponseRedirect(log_address(saved))


@require_safe
def open_page(request: HttpRequest, search_id: UUID) -> HttpResponse:
    """The address to give away: whoever reads the same log comes to the search as it is now."""
    _check_reads(request)
    return HttpResponseRedirect(log_address(_found(request, search_id)))


def edit_page(request: Any, search_id: UUID) -> HttpResponse:
    """Rename or delete; for its owner alone."""
    _check_reads(request)
    saved = _found(request, search_id, owner=request.user)
    if request.method == "POST" and "delete" in request.POST:
        saved.delete()
        messages.success(request, _("“%s” is deleted.") % saved)
        return HttpResponseRedirect(reverse("admin:audit_auditevent_changelist"))
    if request.method == "POST":
        try:
            rename_search(saved, request.POST.get("name", ""))
            messages.success(request, _("“%s” is saved.") % saved)
            return HttpResponseRedirect(request.path)
        except ValidationError as refusal:
            messages.error(request, refusal.messages[0])
            saved.refresh_from_db()
    context = {
        **admin.site.each_context(request),
        "title": saved.name,
        "saved": saved,
        "log_address": log_address(saved),
        "share_address": request.build_absolute_uri(reverse("admin:saved_search", args=[saved.pk])),
    }
    return render(request, "admin/saved_search.html", context)


def _check_reads(request: Any) -> None:
    organization, access = organization_of(request), access_in(request)
    reads = access.may_read(organization.pk) if organization else access.sees_everything
    if not reads:
        raise PermissionDenied


def _found(request: Any, search_id: UUID, **of: Any) -> SavedSearch:
    found = SavedSearch.objects.filter(pk=search_id, organization=organization_of(request), **of).first()
    if found is None:
        raise Http404
    return found

"""“Your profile”: what a person says of themself, and where they belong."""

from __future__ import annotations

import zoneinfo
from functools import cache
from itertools import groupby
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from exchange_apps.admin.audited_form import AuditedModelForm
from exchange_apps.models import Membership, User
from exchange_apps.services.organizations import save_user
from exchange_apps.sign_in import author_of


class ProfileForm(AuditedModelForm):
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        required=False,
        help_text=gettext_lazy("All times of the portal are shown in it. Exports and the API stay in UTC."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        help_text=gettext_lazy("Exports and the API stay in English."),
    )

    class Meta:
        model = User
        fields: ClassVar[list[str]] = ["name", "time_zone", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        browser = ("", _("As the browser says"))
        self.fields["time_zone"].choices = [browser, *zones_by_region()]  # type: ignore[attr-defined]
        self.fields["language"].choices = [browser, *settings.LANGUAGES]  # type: ignore[attr-defined]

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() | {"password"}  # type: ignore[misc, no-any-return]


@cache
def zones_by_region() -> list[tuple[str, Any]]:
    """UTC, then every zone that is named after a place, grouped by continent."""
    places = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    groups = groupby(places, key=lambda name: name.partition("/")[0])
    return [
        ("UTC", "UTC"),
        *((region, [(name, name.partition("/")[2].replace("_", " ")) for name in names]) for region, names in groups),
    ]


def profile_page(request: Any) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        if save_user(form.instance, author=author_of(request)):
            with translation.override(form.instance.language or translation.get_language()):
                messages.success(request, _("Your profile is saved."))
        else:
            messages.info(request, _("Nothing differs from what was saved before."))
        return HttpResponseRedirect(request.path)
    memberships = Membership.objects.filter(user=request.user, active=True).select_related("organization")
    context = {
        **admin.site.each_context(request),
        "title": _("Your profile"),
        "form": form,
        "memberships": memberships.order_by("organization__name"),
    }
    return render(request, "admin/profile.html", context)

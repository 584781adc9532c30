"""The page of the dry run: paste what was sent, and see check by check what the endpoint makes of it.

Whoever may read the organization's settings may run it, auditors too: it changes nothing but the log.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from audit.origin import client_ip
from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.denial_help import denial_help
from exchange_apps.admin.dry_run_form import DryRunForm
from exchange_apps.admin.receipt_lines import receipt_lines, time_of, translated
from exchange_apps.domain.compact_jws import CompactJWS, MalformedJWS
from exchange_apps.domain.denials import DenialReason
from exchange_apps.domain.near_misses import assertion_hints
from exchange_apps.domain.pasted_exchange import PastedRequest
from exchange_apps.domain.receipt import redacted
from exchange_apps.models import Organization
from exchange_apps.services.dry_run import Foretold, foretell_exchange
from exchange_apps.sign_in import author_of

_MENDED_BY_KEYS = frozenset({DenialReason.KEY_UNKNOWN, DenialReason.KEYS_UNAVAILABLE})
_TIMES = frozenset({"iat", "exp", "nbf", "auth_time"})


@sensitive_variables()
@sensitive_post_parameters()
def dry_run_page(request: HttpRequest) -> HttpResponse:
    organization = organization_of(request)
    if organization is None:
        raise Http404
    if not access_in(request).may_read(organization.pk):
        raise PermissionDenied
    form = DryRunForm(request.POST if request.method == "POST" else None, initial=_usual(request, organization))
    context = {**admin.site.each_context(request), "title": _("Dry run"), "form": form}
    if form.is_bound and form.is_valid():
        pasted = form.request()
        foretold = foretell_exchange(
            pasted,
            organization=organization.ref(),
            address=form.cleaned_data["address"],
            author=author_of(request),
        )
        context |= _answer(foretold, pasted, organization, request)
    _forget_pasted(form, request)
    return render(request, "admin/dry_run.html", context)


def _usual(request: Any, organization: Organization) -> dict[str, str]:
    return {
        "address": str(client_ip(request) or ""),
        "subject": request.user.email,
        "audience": organization.slug,
    }


def _forget_pasted(form: DryRunForm, request: HttpRequest) -> None:
    """The page shows the other fields as they were, this one empty."""
    if form.is_bound:
        form.data = request.POST.dict() | {"pasted": ""}


def _answer(
    foretold: Foretold, pasted: PastedRequest, organization: Organization, request: HttpRequest
) -> dict[str, Any]:
    denial, grant = foretold.denial, foretold.grant
    texts = [value for name, value in pasted.pairs or () if name == "client_assertion"]
    assertion = texts[0] if len(texts) == 1 else ""
    return {
        "foretold": foretold,
        "description": denial.description if denial else "",
        "lines": receipt_lines(foretold.receipt.as_json(), organization.pk),
        "help": denial
        and denial_help(
            denial.reason,
            client_id=foretold.application.id if foretold.application else None,
            organization_id=organization.pk,
            may_change=access_in(request).may_change(organization.pk),
            reverse=_reverse,
        ),
        "paste_hints": [
            *(translated(hint) for hint in (assertion_hints(assertion) if assertion else ())),
            *_unfetched(foretold),
        ],
        "scopes": grant.scopes.render() if grant else "",
        "lifetime": grant.lifetime if grant else 0,
        "decoded": _decoded(assertion),
    }


def _unfetched(foretold: Foretold) -> list[str]:
    """Where the endpoint would have fetched the keys before it refused."""
    keys, denial = foretold.application and foretold.application.remote_keys, foretold.denial
    if keys is None or denial is None or denial.reason not in _MENDED_BY_KEYS:
        return []
    return [_("No host is asked in a dry run: the endpoint may fetch this app’s keys anew and find the key then.")]


def _reverse(name: str, *args: Any) -> str:
    return reverse(name, args=args)


def _decoded(assertion: str) -> dict[str, list[tuple[str, SafeString | str]]]:
    """Header and claims, each value short and without anything that looks like a credential; never the signature."""
    try:
        jws = CompactJWS.parse(assertion)
    except MalformedJWS:
        return {}
    return {
        part: [(redacted(name), _claim(name, value)) for name, value in list(values.items())[:50]]
        for part, values in (("header", jws.unverified_header), ("claims", jws.unverified_claims))
    }


def _claim(name: str, value: object) -> SafeString | str:
    """A value as it stands in the assertion; of times also what they mean."""
    text = redacted(json.dumps(value, ensure_ascii=False))
    if name not in _TIMES or isinstance(value, bool) or not isinstance(value, int | float):
        return text
    try:
        return format_html("{} <small>{}</small>", text, time_of(int(value)))
    except (ValueError, OverflowError, OSError):  # further away than any calendar goes
        return text

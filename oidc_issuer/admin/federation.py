"""The federation assistant: what to paste at the other side, what it would refuse, and whether a token would pass.

Whoever may read the organization's settings may use it, auditors too: it changes nothing.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables

from exchange_apps.admin.base import access_in, organization_of
from exchange_apps.admin.receipt_lines import Line, translated
from exchange_apps.domain.near_misses import near_misses
from exchange_apps.domain.receipt import redacted
from oidc_issuer.admin.federation_form import FederationForm, TrialForm
from oidc_issuer.federation import TARGETS, Row, Target, Trust, cautions, request_step, trial
from oidc_issuer.federation.conditions import shown
from oidc_issuer.services.federation import Sample, read_sample, sample_of_last_job


@sensitive_variables()
@sensitive_post_parameters()
def federation_page(request: HttpRequest) -> HttpResponse:
    organization = organization_of(request)
    if organization is None:
        raise Http404
    if not access_in(request).may_read(organization.pk):
        raise PermissionDenied
    target = TARGETS.get(request.GET.get("target", "aws"))
    if target is None:
        raise Http404
    form = FederationForm(target, organization, request.GET)
    context = {
        **admin.site.each_context(request),
        "title": _("Federation"),
        "target": target,
        "targets": _targets(request),
        "form": form,
        "trial_form": TrialForm(),
        "query": request.GET.urlencode(),
    }
    if form.is_valid():
        trust = form.trust()
        context |= _recipe(target, trust) | _trial(request, target, trust, form)
    return render(request, "admin/federation.html", context)


def _targets(request: HttpRequest) -> list[tuple[Target, str]]:
    """Each with the query that keeps the choices; audiences and places are the target's own."""
    kept = request.GET.copy()
    own = {place.name for target in TARGETS.values() for place in target.places}
    for name in ("target", "audience", *own):
        kept.pop(name, None)
    found = []
    for target in TARGETS.values():
        kept["target"] = target.key
        found.append((target, kept.urlencode()))
    return found


def _recipe(target: Target, trust: Trust) -> dict[str, Any]:
    endpoint = f"{settings.PUBLIC_URL}/v3"
    return {
        "cautions": [(caution.severity.value, translated(caution.text)) for caution in cautions(target, trust)],
        # one that would trust nobody says nothing worth pasting
        "pastes": [(paste.key, _(paste.label), paste.text) for paste in target.pastes(trust)] if trust.subjects else [],
        "step": request_step(target.request(trust), endpoint=endpoint, use=target.use(trust)),
    }


def _trial(request: HttpRequest, target: Target, trust: Trust, form: FederationForm) -> dict[str, Any]:
    if request.method != "POST":
        return {}
    pasted = TrialForm(request.POST)
    now = timezone.now()
    if "last_job" in request.POST:
        sample = sample_of_last_job(form.organization, form.cleaned_data["pipeline"], target, trust, now=now)
        if sample is None:
            return {"trial_problem": _("No job has run yet.")}
    elif pasted.is_valid():
        sample = read_sample(pasted.cleaned_data["pasted"].strip(), now=now)
    else:
        pasted.data = {"pasted": ""}
        return {"trial_form": pasted}
    if sample.problem:
        return {"trial_problem": _("There is no token to try: %s.") % sample.problem.rstrip(".")}
    return _verdict(sample, trial(target, trust, sample.header, sample.claims, now=int(time.time())))


def _verdict(sample: Sample, rows: list[Row]) -> dict[str, Any]:
    lines = [_line(row) for row in rows]
    if sample.is_proven is not None:
        expected = _("by a key that is published")
        lines.insert(0, Line(_("Signature"), sample.is_proven, expected, _("good") if sample.is_proven else _("bad")))
    return {
        "tried": True,
        "from_last_job": sample.is_proven is None,
        "accepted": all(line.passed for line in lines),
        "lines": lines,
        "decoded": [
            (part, [(redacted(name), redacted(shown(value))) for name, value in list(values.items())[:60]])
            for part, values in ((_("Header"), sample.header), (_("Claims"), sample.claims))
        ],
    }


def _line(row: Row) -> Line:
    expected, seen = redacted(row.expected), redacted(row.seen)
    hints = () if row.passed else near_misses("claim", expected, seen)
    return Line(_(row.name), row.passed, expected, seen, tuple(translated(hint) for hint in hints))

"""The few tags of the portal's own templates."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.admin.templatetags.admin_list import result_headers, results
from django.contrib.admin.views.main import ChangeList
from django.templatetags.static import static
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from audit.models import AuditEvent
from audit.moments import exact_moment, in_words, moment
from audit.presentation import outcome_badge, party_kind
from config.organization_prefix import reverse_inside
from config.receipts import event_receipt
from exchange_apps.models import SavedSearch
from exchange_apps.services import saved_searches

register = template.Library()
register.filter("moment", moment)
register.filter("exact_moment", exact_moment)
register.filter("in_words", in_words)
register.filter("outcome_badge", outcome_badge)
register.filter("party_kind", party_kind)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of our sprite; decoration only, the words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("portal/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def receipt_of(context: dict[str, Any], event: AuditEvent) -> dict[str, Any]:
    return event_receipt(event, context["request"])


@register.simple_tag(takes_context=True)
def own_searches(context: dict[str, Any]) -> list[SavedSearch]:
    """The saved searches of whoever looks, in the log that is shown."""
    request = context["request"]
    return saved_searches.own_searches(request.user, request.organization)


@register.simple_tag
def inside(slug: str, name: str) -> str:
    """The address of a page inside an organization, wherever this page is."""
    return reverse_inside(slug, name)


@register.simple_tag
def rows_of(cl: ChangeList) -> dict[str, Any]:
    """Headers and rows of a list; each cell knows its header, because on a narrow screen rows become cards."""
    headers = list(result_headers(cl))
    return {"headers": headers, "rows": [_labelled(headers, row) for row in results(cl)]}


def _labelled(headers: list[dict[str, Any]], row: list[SafeString]) -> list[SafeString]:
    return [_with_label(header, cell) for header, cell in zip(headers, row, strict=True)]


def _with_label(header: dict[str, Any], cell: SafeString) -> SafeString:
    opening, rest = cell[:3], cell[3:]  # "<td" or "<th", as the admin wrote them
    label = "" if "action-checkbox" in header.get("class_attrib", "") else escape(capfirst(str(header["text"])))
    return mark_safe(f'{opening} data-label="{label}"{rest}')  # noqa: S308 - escaped above, or by the admin


@register.simple_tag
def outside(name: str) -> str:
    """The address of a page that belongs to the person and not to an organization."""
    from config.organization_prefix import reverse_outside

    return reverse_outside(name)


@register.filter
def initial(user: object) -> str:
    return str(user)[:1].upper()


_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS", "macOS"))


@register.filter
def browser(user_agent: str) -> str:
    """“Firefox · Linux”, as far as a user agent tells; else its beginning."""
    names = [next((name for mark, name in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    names[1] = names[1] or ("Linux" if "Linux" in user_agent else "")
    return " · ".join(name for name in names if name) or user_agent[:60] or _("unknown browser")

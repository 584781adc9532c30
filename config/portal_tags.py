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

from audit.presentation import moment

register = template.Library()
register.filter("moment", moment)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of our sprite; decoration only, the words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("portal/icons.svg"),
        name,
    )


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


@register.filter
def initial(user: object) -> str:
    return str(user)[:1].upper()

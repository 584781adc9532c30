"""Inputs with more than a box: address lists and lifetimes. Each works as a plain box without a script."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from exchange_apps.domain.ip_ranges import IPAddress, lets_everyone_in


class AddressLinesInput(forms.Textarea):
    """`seen_address` is where the person comes from, as this server sees it; set by the form."""

    seen_address: IPAddress | None = None

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        text = self.format_value(value) or ""
        context = {
            "name": name,
            "value": text,
            "attrs": _written_out(self.build_attrs(self.attrs, attrs)),
            "is_open": lets_everyone_in(text.splitlines()),
            "address": self.seen_address,
        }
        return render_to_string("portal/address_lines.html", context)


class LifetimeInput(forms.NumberInput):
    """Whole seconds, said in words; `presets` are the usual ones."""

    def __init__(self, presets: tuple[int, ...] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.presets = presets

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        text = self.format_value(value) or ""
        context = {
            "name": name,
            "value": text,
            "attrs": _written_out(self.build_attrs(self.attrs, attrs)),
            "in_words": f"= {duration(int(text))}" if text.isascii() and text.isdigit() and len(text) < 8 else "",
            "units": ",".join((_("d"), _("h"), _("min"), _("s"))),
            "presets": [(seconds, duration(seconds, days=False)) for seconds in self.presets],
        }
        return render_to_string("portal/lifetime.html", context)


def duration(seconds: int, *, days: bool = True) -> str:
    """3600 → “1 h”, 90 → “1 min 30 s”: what a person compares."""
    spans = ((86_400, _("d")), (3_600, _("h")), (60, _("min")), (1, _("s")))
    parts = []
    for size, unit in spans if days else spans[1:]:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or f"0 {_('s')}"


def _written_out(attrs: dict[str, Any]) -> dict[str, Any]:
    """Attributes without a value are left out: the templates write each as name and value."""
    return {name: name if value is True else value for name, value in attrs.items() if value not in (None, False)}
